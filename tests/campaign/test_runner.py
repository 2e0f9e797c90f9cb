"""Campaigns of trials that are played: what a failed one leads to, what runs side by side, what ends it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.analysis.forged import power_loss
from tuchanka.campaign import runner as module
from tuchanka.campaign.history import History
from tuchanka.campaign.plan import Planned, Wish, make_plan
from tuchanka.campaign.runner import Orders, run_campaign, side_by_side
from tuchanka.campaign.trial import Trial
from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.events import Event, EvidenceKept, RolledBack, RunStarted, TrialEnded, TrialStarted
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.files import File
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Silent
from tuchanka.lab.stack import Stack
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider, Step
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.topology.load import load
from tuchanka.topology.types import Cluster, Helpers, Instance

TOPOLOGY = load(None)
TRIAL_S = 0.05
Played = Callable[["World", Trial], str]


def recovers(world: "World", trial: Trial) -> str:
    del world, trial
    return ""


class World:
    """Fake machines that are set up, and trials that ``played`` gives a problem ("!" first: not healthy then)."""

    packages = PACEMAKER.packages
    evidence = PACEMAKER.evidence
    journal_rules = PACEMAKER.journal_rules
    predict = staticmethod(PACEMAKER.predict)

    def __init__(self, folder: Path) -> None:
        self.provider = FakeProvider([("dpkg-query", Completed(0, "pacemaker 3.0.0\n", ""))])
        (folder / "lab").mkdir()
        self.lab = Lab(LabFolder(folder / "lab"), TOPOLOGY, self.provider, cast("Stack", self))
        self.folder = folder / "out"
        self.played: Played = recovers
        self.unmendable: set[str] = set()
        self.running: list[str] = []
        self.seen: list[tuple[str, ...]] = []
        self.trials: list[Trial] = []
        self.healed: list[object] = []
        self.hang_after: int | None = None
        self.hanging = asyncio.Event()
        for machine in TOPOLOGY.machines:
            fake = self.provider.machine(machine.name)
            fake.on = True
            fake.kept = [("setup", {"data": File("as set up")})]

    async def heal_all(self, _: Lab, names: object = None, *, power: bool = True) -> None:
        del power
        self.healed.append(names)

    async def roles(self, _: Lab, __: Cluster, instance: Instance) -> dict[str, str]:
        return {node: "standby" if place else "primary" for place, node in enumerate(instance.nodes)}

    async def bring_up(self, _: Lab, cluster: Cluster, __: object) -> None:
        for node in cluster.nodes:
            await self.provider.machine(node.name).power_on()
        if cluster.name in self.unmendable:
            raise DeadlineExceeded(f"a healthy {cluster.name} did not happen within 120 s")

    async def run_trial(self, _: Lab, trial: Trial, history: History, __: object) -> bool:
        self.trials.append(trial)
        self.running.append(trial.cluster.name)
        self.seen.append(tuple(self.running))
        if self.hang_after is not None and len(self.trials) > self.hang_after:
            if len(self.running) == self.hang_after:
                self.hanging.set()
            await asyncio.Event().wait()
        await asyncio.sleep(TRIAL_S)
        self.running.remove(trial.cluster.name)
        problem = self.played(self, trial)
        shift = time.monotonic() - 100
        for event in power_loss():
            if isinstance(event, RunStarted):
                continue
            moved = replace(event, t=event.t + shift)
            for name in ("due", "sent"):
                moved = replace(moved, **{name: getattr(event, name) + shift}) if hasattr(event, name) else moved
            moved = replace(moved, trial=trial.number) if hasattr(event, "trial") else moved
            moved = replace(moved, problem=problem) if isinstance(moved, TrialEnded) else moved
            history.add(replace(moved, cluster=trial.cluster.name) if isinstance(moved, TrialStarted) else moved)
        return not problem.startswith("!")

    def run(self, wish: Wish, *, trials: tuple[Planned, ...] = (), **orders: object) -> list[Event]:
        plan = trials or make_plan(TOPOLOGY, CATALOGUE, wish)
        with History(self.folder / "history.jsonl") as history:
            try:
                command = Orders(wish, plan, "tuchanka test", **orders)
                asyncio.run(run_campaign(self.lab, command, history, Silent()))
            finally:
                self.events = history.events
        return self.events

    def numbers(self) -> list[int]:
        return [trial.number for trial in self.trials]


def wish(*clusters: str, **other: object) -> Wish:
    return replace(Wish(clusters, ("power-off",), "primary", seed=1), **other)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    for name in ("heal_all", "run_trial"):
        monkeypatch.setattr(module, name, getattr(made, name))
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(4)))
    return made


def test_half_as_many_at_once_as_there_are_cores():
    assert [side_by_side(4, cores) for cores in (1, 2, 3, 4, 8, 64)] == [1, 1, 1, 2, 4, 4]
    assert side_by_side(0, 8) == 1


def test_everything_is_healed_first_and_what_is_measured_is_written_down(world: World):
    events = world.run(wish("tuchanka2", rounds=2))
    assert world.healed == [None, ["witness", "tuchanka2a", "tuchanka2b"]]
    (run,) = (event for event in events if isinstance(event, RunStarted))
    assert (run.versions["pacemaker"], run.command, run.memory_bytes > 0) == ("3.0.0", "tuchanka test", True)
    assert run.helpers == asdict(Helpers())
    assert [(trial.number, trial.target.name, trial.target_role) for trial in world.trials] == [
        (1, "tuchanka2a", "primary"),
        (2, "tuchanka2a", "primary"),
    ]


def test_clusters_run_side_by_side_but_no_cluster_twice_and_no_more_than_the_cores_allow(world: World):
    world.run(wish("tuchanka1", "tuchanka2", "tuchanka4", rounds=3))
    assert max(map(len, world.seen)) == 2
    assert all(len(set(together)) == len(together) for together in world.seen)
    assert sorted(world.numbers()) == list(range(1, 10))
    # Nobody waits until others are done.
    assert {trial.cluster.name for trial in world.trials[:3]} == {"tuchanka1", "tuchanka2", "tuchanka4"}


def test_what_is_done_to_the_witness_is_done_alone(world: World, monkeypatch: pytest.MonkeyPatch):
    on_witness = replace(CATALOGUE["power-off"], name="witness-off", scope="witness")
    catalogue = {**CATALOGUE, "witness-off": on_witness}
    monkeypatch.setattr(module, "CATALOGUE", catalogue)
    asked = wish("tuchanka1", "tuchanka2", faults=("power-off", "witness-off"), rounds=2)
    world.run(asked, trials=make_plan(TOPOLOGY, catalogue, asked))
    alone = [trial.number for trial in world.trials if trial.fault is on_witness]
    for trial, together in zip(world.trials, world.seen, strict=True):
        if trial.number in alone:
            assert (len(together), trial.target.name, trial.target_role) == (1, "witness", "witness")
    assert (len(alone), max(map(len, world.seen))) == (4, 2)


def test_a_failed_trial_leaves_evidence_and_the_campaign_goes_on(world: World):
    world.played = lambda _, trial: "no luck" if trial.number == 1 else ""
    world.provider.machine("tuchanka2a").console = "kernel: hello"
    world.provider.script = [("pcs status", Completed(0, "2 nodes configured\n", ""))]
    events = world.run(wish("tuchanka2", rounds=2))
    assert [(event.trial, event.folder) for event in events if isinstance(event, EvidenceKept)] == [
        (1, "evidence/trial-1")
    ]
    evidence = world.folder / "evidence" / "trial-1"
    assert {folder.name for folder in evidence.iterdir()} == {"tuchanka2a", "tuchanka2b", "witness"}
    assert {file.name for file in (evidence / "tuchanka2a").iterdir()} == {*PACEMAKER.evidence, "console.txt"}
    assert (evidence / "tuchanka2a" / "console.txt").read_text() == "kernel: hello"
    assert (evidence / "tuchanka2b" / "pcs-status.txt").read_text() == "2 nodes configured\n"
    assert world.numbers() == [1, 2]
    assert not [event for event in events if isinstance(event, RolledBack)]


def test_evidence_of_what_answers_nothing(world: World):
    world.played = lambda _, __: "no luck"

    def silent(step: Step) -> Completed | Exception | None:
        mute = step.machine == "tuchanka2a" and "dpkg" not in step.what
        return MachineError("can't be reached", where=step.machine) if mute else None

    world.provider.script = silent
    world.run(wish("tuchanka2"))
    evidence = world.folder / "evidence" / "trial-1"
    assert (evidence / "tuchanka2a" / "cib.xml").read_text() == "tuchanka2a: can't be reached\n"


def test_a_cluster_that_is_not_healthy_in_time_goes_back_to_its_setup(world: World):
    world.played = lambda _, trial: "!a repaired tuchanka2 did not happen within 600 s" if trial.number == 1 else ""
    events = world.run(wish("tuchanka2", rounds=2))
    (back,) = (event for event in events if isinstance(event, RolledBack))
    assert (back.trial, back.cluster, back.snapshot) == (1, "tuchanka2", "setup")
    rolled = [step.machine for step in world.provider.steps if step.verb == "rollback"]
    assert sorted(rolled) == ["tuchanka2a", "tuchanka2b"]  # the witness serves the other clusters
    assert all(world.provider.machine(name).on for name in rolled)
    assert world.numbers() == [1, 2]
    kinds = [event.kind for event in events if event.kind in {"trial-ended", "evidence-kept", "rolled-back"}]
    assert kinds == ["trial-ended", "evidence-kept", "rolled-back", "trial-ended"]


def test_a_cluster_that_does_not_even_start_from_its_setup_is_given_up_and_the_others_go_on(world: World):
    world.unmendable = {"tuchanka2"}
    with pytest.raises(DeadlineExceeded, match="a healthy tuchanka2"):
        world.run(wish("tuchanka1", "tuchanka2", rounds=2))
    assert [trial.cluster.name for trial in world.trials] == ["tuchanka1", "tuchanka1"]
    assert sum(isinstance(event, RolledBack) for event in world.events) == 1


def test_stop_on_failure_starts_nothing_more(world: World):
    world.played = lambda _, trial: "no luck" if trial.number == 2 else ""
    world.run(wish("tuchanka2", rounds=5), stop_on_failure=True)
    assert world.numbers() == [1, 2]


def test_no_trial_starts_when_the_time_is_over(world: World, monkeypatch: pytest.MonkeyPatch):
    # Every trial takes ten seconds of this clock.
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 10.0 * len(world.trials)))
    world.run(wish("tuchanka2", rounds=1000, duration_s=35.0))
    assert world.numbers() == [1, 2, 3, 4]
    world.trials.clear()
    world.run(wish("tuchanka2", rounds=1000, duration_s=35.0), used_s=15.0)
    assert world.numbers() == [1, 2]
    world.trials.clear()
    world.run(wish("tuchanka2", rounds=1000, duration_s=35.0), used_s=35.0)
    assert world.numbers() == []


def test_cancelling_ends_the_trials_under_way_and_starts_no_other(world: World):
    async def cancelled() -> None:
        plan = make_plan(TOPOLOGY, CATALOGUE, wish("tuchanka1", "tuchanka2", "tuchanka4", rounds=9))
        with History(world.folder / "history.jsonl") as history:
            orders = Orders(wish("tuchanka1"), plan, "tuchanka test")
            running = asyncio.create_task(run_campaign(world.lab, orders, history, Silent()))
            await asyncio.wait_for(world.hanging.wait(), 10)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    # Two at a time: the third and the fourth are under way when it is cancelled.
    world.hang_after = 2
    asyncio.run(cancelled())
    assert (len(world.trials), len(world.running)) == (4, 2)
