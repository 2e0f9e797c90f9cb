"""A trial on machines in memory: what it writes down, and that the fault is healed whatever happens."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tuchanka.campaign import trial as module
from tuchanka.campaign.history import History
from tuchanka.campaign.trial import Trial, run_trial
from tuchanka.cluster.state import ClusterState, Copy, InstanceState, QuorumState
from tuchanka.errors import DeadlineExceeded, MachineError, RestoreRefused
from tuchanka.events import CommitsCounted, Event, FaultInjected, Journal, Read, TrialEnded, TrialStarted, Write
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Silent
from tuchanka.machines.fake import FakeProvider
from tuchanka.timing.derive import derive
from tuchanka.topology.load import load

TOPOLOGY = load(None)
CLUSTER = TOPOLOGY.cluster("tuchanka2")
INSTANCE = CLUSTER.instances[0]
A, B = "tuchanka2a", "tuchanka2b"
BEAT_S = 0.01


def state(primary: str) -> ClusterState:
    copies = tuple(
        Copy(node, "primary" if node == primary else "standby", node != primary, 1, "0/1", "streaming", "async", 0)
        for node in (A, B)
    )
    quorum = QuorumState(quorate=True, votes=3, expected=3, device=True)
    instances = (InstanceState(INSTANCE.name, copies),)
    return ClusterState("tuchanka2", (), quorum, instances, (), A, fencing=True, maintenance=False)


class World:
    """The lab around a trial. Writes fail for ``away_s`` once machine A is off; then B is the primary."""

    def __init__(self, folder: Path, away_s: float) -> None:
        self.provider = FakeProvider()
        self.lab = Lab(LabFolder(folder), TOPOLOGY, derive(TOPOLOGY), self.provider)
        self.away_s = away_s
        self.cut: float | None = None
        self.trouble: dict[str, Exception] = {}
        self.restored: list[str] = []
        for name in (A, B):
            self.provider.machine(name).on = True

    def fail(self, what: str) -> None:
        if what in self.trouble:
            raise self.trouble[what]

    async def bring_up(self, *_: object) -> ClusterState:
        return state(A)

    async def observe(self, *_: object) -> ClusterState:
        self.fail("observe")
        return state(B if self.cut else A)

    @asynccontextmanager
    async def recording(
        self, _lab: Lab, _config: object, sink: Callable[[Event], None]
    ) -> AsyncIterator[asyncio.Task[None]]:
        beating = asyncio.create_task(self.beat(sink))
        try:
            yield beating
        finally:
            beating.cancel()

    async def beat(self, sink: Callable[[Event], None]) -> None:
        seq = 0
        while True:
            seq, now = seq + 1, time.monotonic()
            if self.cut is None and not self.provider.machine(A).on:
                self.cut = now
            good = self.cut is None or now > self.cut + self.away_s
            sink(Write(now, INSTANCE.name, seq, now, now, "acknowledged" if good else "refused"))
            for vip in INSTANCE.standby_vips:
                sink(Read(now, INSTANCE.name, vip.name, now, ok=good, seq=seq, age=0.0))
            await asyncio.sleep(BEAT_S)

    async def count_commits(self, *_: object, primary: str, up_to: int, **__: object) -> CommitsCounted:
        return CommitsCounted(time.monotonic(), 1, INSTANCE.name, primary, up_to, [[1, up_to]])

    async def plan(self, *_: object, **__: object) -> tuple[str, ...]:
        self.fail("plan")
        return ("a step",)

    async def carry_out(self, _lab: Lab, _cluster: object, node: str, steps: tuple[str, ...], _: object) -> None:
        assert (steps, self.provider.machine(node).on) == (("a step",), True)
        self.restored.append(node)

    async def read_journal(self, machine: Any, since: float) -> list[Journal]:
        return [Journal(since + 0.1, machine.name, "corosync", "a line")]

    def run(self, folder: Path, target: str = A) -> list[Event]:
        with History(folder / "history.jsonl") as history:
            trial = Trial(1, CLUSTER, INSTANCE, CATALOGUE["power-off"], target)
            asyncio.run(run_trial(self.lab, trial, history, Silent()))
            assert history.watchers == []
            return history.events


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path / "lab", away_s=0.2)
    made.lab.folder.path.mkdir()
    for name in ("bring_up", "observe", "recording", "count_commits", "read_journal"):
        monkeypatch.setattr(module, name, getattr(made, name))
    for name in ("plan", "carry_out"):
        monkeypatch.setattr(module.restore, name, getattr(made, name))
    monkeypatch.setattr("tuchanka.campaign.watch.STABLE_S", 0.2)
    monkeypatch.setattr(module, "AFTERMATH_S", 0.3)
    monkeypatch.setattr(module, "QUIET_MARGIN_S", 0.0)
    return made


def kinds(events: list[Event]) -> list[str]:
    """What happened in the trial, without the beats."""
    return [event.kind for event in events if not isinstance(event, Write | Read)]


def ended(events: list[Event]) -> TrialEnded:
    assert isinstance(events[-1], TrialEnded)
    return events[-1]


def test_from_healthy_to_healthy(world: World, tmp_path: Path):
    events = world.run(tmp_path)
    assert kinds(events) == [
        "trial-started",
        "fault-injected",
        "service-stable",
        "commits-counted",
        "fault-healed",
        "restore-started",
        "healthy",
        "commits-counted",
        "journal",
        "journal",
        "trial-ended",
    ]
    assert ended(events).problem == ""
    assert world.restored == [A]
    started = next(event for event in events if isinstance(event, TrialStarted))
    assert (started.target_role, sum(started.predicted.values()) > 0) == ("primary", True)
    # Each count reaches up to the last beat whose outcome was known.
    counts = [event for event in events if isinstance(event, CommitsCounted)]
    assert [count.node for count in counts] == [B, B]
    assert 0 < counts[0].up_to < counts[1].up_to
    assert len((tmp_path / "history.jsonl").read_text().splitlines()) == len(events)


def test_of_a_standby_no_outage_is_predicted(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    quick = replace(world.lab.timing, token_ms=10, consensus_ms=10, stonith_watchdog_timeout_ms=10)
    world.lab = replace(world.lab, timing=quick)
    events = world.run(tmp_path, target=B)
    started = next(event for event in events if isinstance(event, TrialStarted))
    assert (started.target_role, started.predicted) == ("standby", {})
    # Nothing says that the cluster has reacted, so it is watched for as long as a reaction would take.
    injected = next(event for event in events if isinstance(event, FaultInjected)).t
    stable = next(event.t for event in events if event.kind == "service-stable")
    assert stable - injected >= module.predict_power_off(quick).seconds


def test_service_that_never_returns(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "SERVICE_S", 0.5)
    world.away_s = 1000.0
    events = world.run(tmp_path)
    assert "the service's return did not happen within 0.5 s" in ended(events).problem
    assert kinds(events) == ["trial-started", "fault-injected", "journal", "journal", "trial-ended"]
    assert world.provider.machine(A).on


def test_a_heartbeat_that_never_starts(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "STEADY_S", 0.3)
    world.cut = 0.0
    world.away_s = float("inf")
    events = world.run(tmp_path)
    assert "a steady heartbeat" in ended(events).problem
    assert "fault-injected" not in kinds(events)
    assert all(step.verb != "power_off" for step in world.provider.steps)


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("observe", MachineError("is off", where=B)),
        ("observe", DeadlineExceeded("it took too long")),
        ("plan", RestoreRefused("it may hold the only copy", where=A)),
    ],
)
def test_what_keeps_it_from_its_end_is_its_result(world: World, tmp_path: Path, what: str, error: Exception):
    world.trouble[what] = error
    events = world.run(tmp_path)
    assert ended(events).problem == str(error)
    assert world.provider.machine(A).on
    assert world.restored == []


def test_an_interrupted_trial_is_written_down_to_its_end(world: World, tmp_path: Path):
    world.trouble["plan"] = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        world.run(tmp_path)
    assert '"kind":"trial-ended"' in (tmp_path / "history.jsonl").read_text().splitlines()[-1]
