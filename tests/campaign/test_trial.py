"""A trial on machines in memory: what it writes down, and that the fault is healed whatever happens."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tuchanka.campaign import trial as module
from tuchanka.campaign.history import History
from tuchanka.campaign.resume import INTERRUPTED
from tuchanka.campaign.trial import Trial, run_trial
from tuchanka.errors import DeadlineExceeded, MachineError, RestoreRefused
from tuchanka.events import (
    Audited,
    CommitsCounted,
    Event,
    EvidenceKept,
    FaultInjected,
    Journal,
    NodeFacts,
    Read,
    TrialEnded,
    TrialStarted,
    Write,
)
from tuchanka.events.history import load as load_history
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Target, waits_for_healing
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Silent
from tuchanka.lab.stack import FinishAudit, Stack, Unsettled
from tuchanka.providers.fake import FakeProvider
from tuchanka.stacks.pacemaker.timing.derive import derive
from tuchanka.stacks.pacemaker.timing.predict import predict_power_off
from tuchanka.topology.load import load
from tuchanka.waiting import truth, wait_until

TOPOLOGY = load(None)
CLUSTER = TOPOLOGY.cluster("tuchanka2")
INSTANCE = CLUSTER.instances[0]
A, B = "tuchanka2a", "tuchanka2b"
BEAT_S = 0.01
TIMING = replace(derive(TOPOLOGY), token_ms=10, consensus_ms=10, stonith_watchdog_timeout_ms=10)
QUICK = predict_power_off(TIMING)


class World:
    """The lab around a trial. Writes fail for ``away_s`` once machine A is off; then B is the primary."""

    def __init__(self, folder: Path, away_s: float) -> None:
        self.provider = FakeProvider()
        self.lab = Lab(LabFolder(folder), TOPOLOGY, self.provider, cast("Stack", self))
        self.away_s = away_s
        self.cut: float | None = None
        self.trouble: dict[str, Exception] = {}
        self.repaired = False
        self.fault = CATALOGUE["power-off"]
        for name in (A, B):
            self.provider.machine(name).on = True

    def fail(self, what: str) -> None:
        if what in self.trouble:
            raise self.trouble[what]

    async def roles(self, *_: object) -> dict[str, str]:
        self.fail("roles")
        return {A: "standby", B: "primary"} if self.cut else {A: "primary", B: "standby"}

    async def bring_up(self, *_: object) -> None:
        """Repair the cluster."""
        self.fail("repair")
        self.repaired = True
        assert all(machine.on for machine in self.provider.machines.values())

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

    async def keep_evidence(self, _lab: Lab, _cluster: object, _folder: Path, trial: int, moment: str) -> str:
        assert not self.provider.machine(A).on  # nothing is healed yet
        return f"evidence/trial-{trial}/{moment}"

    async def begin_audit(self, *_: object) -> FinishAudit:
        return self.audit

    async def audit(self, trial: int, _: Unsettled) -> tuple[Event, ...]:
        self.fail("audit")
        return (Audited(time.monotonic(), trial, A, NodeFacts(), NodeFacts()),)

    async def read_journal(self, machine: Any, since: float, before: object) -> tuple[list[Journal], list[Event]]:
        assert before is None  # the fake machines have no clocks
        return [Journal(since + 0.1, machine.name, "corosync", "a line")], []

    def run(self, folder: Path, target: str = A) -> list[Event]:
        with History(folder / "history.jsonl") as history:
            hit = Target(self.lab, target, (self.provider.machine(target),), CLUSTER, INSTANCE, A)
            role = "primary" if target == A else "standby"
            trial = Trial(1, CLUSTER, INSTANCE, self.fault, hit, role, QUICK, QUICK)
            self.healthy = asyncio.run(run_trial(self.lab, trial, history, Silent()))
            assert history.watchers == []
            return history.events


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path / "lab", away_s=0.2)
    made.lab.folder.path.mkdir()
    for name in ("recording", "count_commits", "read_journal", "keep_evidence"):
        monkeypatch.setattr(module, name, getattr(made, name))
    monkeypatch.setattr("tuchanka.campaign.service_watch.STABLE_S", 0.2)
    monkeypatch.setattr(module, "AFTERMATH_S", 0.3)
    monkeypatch.setattr(module, "QUIET_MARGIN_S", 0.0)
    return made


def kinds(events: list[Event]) -> list[str]:
    """What happened in the trial, without the beats."""
    return [event.kind for event in events if not isinstance(event, Write | Read)]


def ended(events: list[Event]) -> TrialEnded:
    assert isinstance(events[-1], TrialEnded)
    return events[-1]


WHOLE = [
    "trial-started",
    "fault-injected",
    "service-stable",
    "commits-counted",
    "fault-healed",
    "restore-started",
    "healthy",
    "commits-counted",
    "audited",
    "journal",
    "journal",
    "trial-ended",
]


def test_from_healthy_to_healthy(world: World, tmp_path: Path):
    events = world.run(tmp_path)
    assert kinds(events) == WHOLE
    assert ended(events).problem == ""
    assert world.healthy
    started = next(event for event in events if isinstance(event, TrialStarted))
    assert (started.target_role, sum(started.predicted.values()) > 0) == ("primary", True)
    assert (started.instances, started.broken) == ({INSTANCE.name: [A, B]}, [A])
    # Each count reaches up to the last beat whose outcome was known.
    counts = [event for event in events if isinstance(event, CommitsCounted)]
    assert [count.node for count in counts] == [B, B]
    assert 0 < counts[0].up_to < counts[1].up_to
    assert len((tmp_path / "history.jsonl").read_text().splitlines()) == len(events)


def test_of_a_standby_no_outage_is_predicted(world: World, tmp_path: Path):
    events = world.run(tmp_path, target=B)
    started = next(event for event in events if isinstance(event, TrialStarted))
    assert (started.target_role, started.predicted) == ("standby", {})
    # Nothing says that the cluster has reacted, so it is watched for as long as a reaction would take.
    injected = next(event for event in events if isinstance(event, FaultInjected)).t
    stable = next(event.t for event in events if event.kind == "service-stable")
    assert stable - injected >= QUICK.seconds


def test_a_fault_that_the_service_cannot_survive_is_held_and_healed(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "HOLD_S", 0.3)
    world.away_s = 0.6
    world.fault = replace(world.fault, returns=waits_for_healing)
    events = world.run(tmp_path)
    assert kinds(events)[:5] == [
        "trial-started",
        "fault-injected",
        "service-held",
        "fault-healed",
        "restore-started",
    ]
    assert sorted(kinds(events)[5:7]) == ["healthy", "service-stable"]
    assert (ended(events).problem, world.healthy) == ("", True)


def test_service_that_returns_only_with_the_healing_is_a_problem_with_evidence(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "SERVICE_S", 0.5)
    world.away_s = 0.55
    events = world.run(tmp_path)
    assert "the service's return did not happen within 0.5 s: krogan2: no writes" in ended(events).problem
    assert [event.folder for event in events if isinstance(event, EvidenceKept)] == ["evidence/trial-1/unhealed"]
    assert kinds(events)[:5] == [
        "trial-started",
        "fault-injected",
        "evidence-kept",
        "fault-healed",
        "restore-started",
    ]
    assert world.healthy  # so nothing has to be rolled back


def test_service_that_never_returns(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "SERVICE_S", 0.3)
    world.away_s = 1000.0
    events = world.run(tmp_path)
    assert ended(events).problem.count("the service's return did not happen within 0.3 s") == 2
    assert world.provider.machine(A).on
    assert world.repaired
    assert not world.healthy


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
        ("roles", MachineError("is off", where=B)),
        ("roles", DeadlineExceeded("it took too long")),
        ("repair", RestoreRefused("it may hold the only copy", where=A)),
        ("audit", MachineError("can't be reached", where=A)),
    ],
)
def test_what_keeps_it_from_its_end_is_its_result(world: World, tmp_path: Path, what: str, error: Exception):
    world.trouble[what] = error
    events = world.run(tmp_path)
    assert ended(events).problem == str(error)
    assert world.provider.machine(A).on
    assert not world.healthy


def test_a_healing_that_fails_is_told_with_what_led_to_it(world: World, tmp_path: Path):
    async def heal(_: Target) -> None:
        raise MachineError("won't be switched on", where=A)

    world.fault = replace(world.fault, heal=heal)
    problem = ended(world.run(tmp_path)).problem
    assert problem == "tuchanka2a: won't be switched on; healing failed: tuchanka2a: won't be switched on"


def test_ctrl_c_heals_and_writes_down_that_it_was_interrupted(world: World, tmp_path: Path):
    world.away_s = 1000.0

    async def interrupted() -> None:
        with History(tmp_path / "history.jsonl") as history:
            hit = Target(world.lab, A, (world.provider.machine(A),), CLUSTER, INSTANCE, A)
            trial = Trial(1, CLUSTER, INSTANCE, world.fault, hit, "primary", None, QUICK)
            running = asyncio.create_task(run_trial(world.lab, trial, history, Silent()))
            await wait_until(truth(lambda: world.cut is not None), deadline_s=10, what="the power cut")
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    asyncio.run(interrupted())
    assert world.provider.machine(A).on
    events = load_history(tmp_path / "history.jsonl")
    assert ended(events).problem == INTERRUPTED
    assert not world.repaired


def test_an_interrupted_trial_is_written_down_to_its_end(world: World, tmp_path: Path):
    world.trouble["repair"] = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        world.run(tmp_path)
    assert '"kind":"trial-ended"' in (tmp_path / "history.jsonl").read_text().splitlines()[-1]
