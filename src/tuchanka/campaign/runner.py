"""A campaign: planned trials, the clusters side by side, into one history."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tuchanka.analysis.verdict import Verdict, judge
from tuchanka.campaign.diagnostics import keep_evidence
from tuchanka.campaign.estimate import durations, in_words, left_s, predicted_s
from tuchanka.campaign.history import History
from tuchanka.campaign.plan import Planned, Wish, dice
from tuchanka.campaign.provenance import run_started
from tuchanka.campaign.trial import Trial, run_trial
from tuchanka.errors import TuchankaError
from tuchanka.events import EvidenceKept, RolledBack
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Fault, find
from tuchanka.faults.heal import heal_all
from tuchanka.faults.targets import make_target, resolve
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Progress
from tuchanka.lab.stack import primary_of
from tuchanka.prediction import Prediction
from tuchanka.stages import pipeline
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together

START = "setup"


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be done: the trials that are left of a plan, and when to end early.

    ``used_s`` are the seconds of ``wish.duration_s`` that an earlier, interrupted run has used up.
    """

    wish: Wish
    trials: tuple[Planned, ...]
    command: str
    stop_on_failure: bool = False
    used_s: float = 0.0


def side_by_side(clusters: int, cores: int | None = None) -> int:
    """Return how many trials may run at once: with fewer than two cores each, the host's speed is measured."""
    have = len(os.sched_getaffinity(0)) if cores is None else cores
    return max(1, min(clusters, have // 2))


async def run_campaign(lab: Lab, orders: Orders, history: History, progress: Progress) -> None:
    """Run the trials; their results are in the history.

    Raises:
        TuchankaError: a cluster could not be brought up, not even from its snapshot; the others went on to the end.
    """
    names = dict.fromkeys(one.cluster for one in orders.trials)
    clusters = tuple(lab.topology.cluster(name) for name in names)
    # A command that was killed in the middle of a fault has left it. What is of no concern here is not switched on.
    with progress.step("heal", "everything"):
        await heal_all(lab, power=False)
        await heal_all(lab, [machine.name for machine in lab.machines_of(clusters)])
    history.add(await run_started(lab, clusters, orders.command))
    campaign = _Campaign(lab, orders, history, progress, clusters)
    await together(*(campaign.work_through(cluster) for cluster in clusters))
    if campaign.given_up:
        raise campaign.given_up[0]


class _Slots:
    """Lets so many trials run at once, first come, first served; one that must be alone waits for all others."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.free = asyncio.Semaphore(number)
        self.queue = asyncio.Lock()

    @asynccontextmanager
    async def take(self, *, alone: bool) -> AsyncIterator[None]:
        """Hold one slot, or all of them."""
        taken = 0
        try:
            async with self.queue:
                for _ in range(self.number if alone else 1):
                    await self.free.acquire()
                    taken += 1
            yield
        finally:
            for _ in range(taken):
                self.free.release()


class _Campaign:
    """What the clusters' workers share."""

    def __init__(
        self, lab: Lab, orders: Orders, history: History, progress: Progress, clusters: Sequence[Cluster]
    ) -> None:
        self.lab, self.orders, self.history, self.progress = lab, orders, history, progress
        self.parallel = side_by_side(len(clusters))
        self.slots = _Slots(self.parallel)
        self.undone = {one.number: one for one in orders.trials}
        self.failed = False
        self.given_up: list[TuchankaError] = []
        duration_s = orders.wish.duration_s
        self.end = None if duration_s is None else time.monotonic() + duration_s - orders.used_s

    async def work_through(self, cluster: Cluster) -> None:
        """Run the cluster's trials one after another."""
        for planned in [one for one in self.orders.trials if one.cluster == cluster.name]:
            fault = find(CATALOGUE, planned.fault)
            # The witness and the services serve all clusters: what is done to them, is done to all of those.
            async with self.slots.take(alone=fault.family == "services" or fault.scope == "witness"):
                if self.is_over:
                    return
                try:
                    await self._try(cluster, planned, fault)
                except TuchankaError as error:
                    self.given_up.append(error)
                    return

    @property
    def is_over(self) -> bool:
        """Whether no further trial is to start."""
        late = self.end is not None and time.monotonic() >= self.end
        return late or (self.failed and self.orders.stop_on_failure)

    def left(self) -> str:
        """Say how much is left."""
        predicted = predicted_s(self.lab.stack, self.lab.topology, CATALOGUE, self.undone.values())
        seconds = left_s(self.undone.values(), predicted, durations(self.history.events), parallel=self.parallel)
        if self.end is not None:
            seconds = min(seconds, max(0.0, self.end - time.monotonic()))
        return f"about {in_words(seconds)} left"

    async def _try(self, cluster: Cluster, planned: Planned, fault: Fault) -> None:
        number, begin = planned.number, len(self.history.events)
        title = f"trial {number}" if self.orders.wish.duration_s else f"trial {number} of {self.last}"
        with self.progress.step(title, cluster.name) as note:
            note(f"{fault.name}; {self.left()}")
            await self._healthy(cluster, number)
            trial = await self._arrange(cluster, planned, fault)
            note(f"{fault.name} on {trial.target.name}; {self.left()}")
            healthy = await run_trial(self.lab, trial, self.history, self.progress)
            verdicts = judge(self.history.events[begin:], self.lab.stack.journal_rules)
            (verdict,) = [one for one in verdicts if one.subject.trial == number]
            if not verdict.recovered:
                self.failed = True
                await self._keep(cluster, number)
            if not healthy:
                await self._roll_back(cluster, number)
            del self.undone[number]
            note(f"{fault.name} on {trial.target.name}: {outcome(verdict)}; {self.left()}")

    @property
    def last(self) -> int:
        """The highest number of the plan."""
        return self.orders.trials[-1].number

    async def _arrange(self, cluster: Cluster, planned: Planned, fault: Fault) -> Trial:
        lab, instance = self.lab, cluster.instance(planned.instance)
        copies = await lab.stack.roles(lab, cluster, instance)
        draw = dice(self.orders.wish.seed, planned)
        name = resolve(fault, lab.topology, cluster, instance.name, planned.target, copies, draw)
        target = make_target(lab, cluster, instance, fault, name, primary_of(copies))
        hit = {copies.get(machine.name, "witness") for machine in target.machines}
        beside = "service" if fault.scope == "service" else "witness"
        role = next((one for one in ("primary", "standby") if one in hit), beside)
        prediction = fault.predicts and lab.stack.predict(lab.topology, cluster, fault.predicts)
        failover = lab.stack.predict(lab.topology, cluster, "failover") or Prediction("failover", ())
        return Trial(planned.number, cluster, instance, fault, target, role, prediction, failover)

    async def _healthy(self, cluster: Cluster, number: int) -> None:
        """Bring the cluster up; where that fails, once more from its snapshot."""
        try:
            await self.lab.stack.bring_up(self.lab, cluster, self.progress)
        except TuchankaError:
            await self._keep(cluster, number)
            await self._roll_back(cluster, number)

    async def _keep(self, cluster: Cluster, number: int) -> None:
        with self.progress.step("evidence", cluster.name):
            kept = await keep_evidence(self.lab, cluster, self.history.folder, number)
        self.history.add(EvidenceKept(time.monotonic(), number, kept))

    async def _roll_back(self, cluster: Cluster, number: int) -> None:
        """Go back to the cluster as it was set up, and start it."""
        nodes = [node.name for node in cluster.nodes]
        with contextlib.suppress(TuchankaError):  # a machine that answers nothing any more is healed afterwards
            await heal_all(self.lab, nodes)
        await pipeline.roll_back(self.lab, dict.fromkeys(nodes, START), self.progress)
        await heal_all(self.lab, nodes)
        self.history.add(RolledBack(time.monotonic(), number, cluster.name, START))
        await self.lab.stack.bring_up(self.lab, cluster, self.progress)


def outcome(verdict: Verdict) -> str:
    """Say in a few words how a trial came out."""
    if not verdict.recovered:
        return f"failed: {verdict.problem}"
    away = (
        "writes never away"
        if verdict.service.reaction_s is None
        else f"writes away for {verdict.service.reaction_s:.1f} s"
    )
    return f"recovered, {away}"
