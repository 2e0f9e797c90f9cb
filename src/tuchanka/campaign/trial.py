"""One trial: from healthy, through a fault, to healthy again; everything that happens goes to the history."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from tuchanka.analysis.checks.audit import unsettled
from tuchanka.campaign.clocks import sample
from tuchanka.campaign.diagnostics import keep_evidence
from tuchanka.campaign.evidence import count_commits, read_journal
from tuchanka.campaign.history import History
from tuchanka.campaign.promises import instances_of, promises
from tuchanka.campaign.resume import INTERRUPTED
from tuchanka.campaign.service_watch import ServiceWatch, missing, stable, steady
from tuchanka.errors import CommandFailed, DeadlineExceeded, MachineError, TuchankaError
from tuchanka.events import (
    ClocksCompared,
    CommitsCounted,
    EvidenceKept,
    FaultHealed,
    FaultInjected,
    Healthy,
    RestoreStarted,
    ServiceHeld,
    ServiceStable,
    TrialEnded,
    TrialStarted,
)
from tuchanka.faults.fault import Fault, Target
from tuchanka.faults.heal import heal_by
from tuchanka.heartbeat.client import configure, recording
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Note, Progress
from tuchanka.lab.stack import primary_of
from tuchanka.prediction import Prediction
from tuchanka.services import registry
from tuchanka.topology.types import Cluster, Instance
from tuchanka.waiting import together, truth, wait_until, within

STEADY_S = 30.0
# The longest faults are operations that go through a cluster node by node.
APPLY_S = 600.0
SERVICE_S = 180.0
# A fault that the service can't survive is left as it is for so long before it is healed.
HOLD_S = 10.0
COUNT_S = 60.0
HEAL_S = 180.0
REPAIR_S = 600.0
# Without an outage nothing says that the cluster has reacted, so it is watched for as long as a reaction would take:
# as predicted, or where nobody should notice anything as long as a fencing.
QUIET_MARGIN_S = 3.0
# Afterwards, to see that the restored node disturbs nothing.
AFTERMATH_S = 2.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried: a fault on a target in a healthy cluster, watched through all of its instances.

    The verdict is about ``instance``; ``target_role`` is its role on the target. ``failover`` is predicted for a
    power loss of the primary: for so long a fault is watched that nobody should notice.
    """

    number: int
    cluster: Cluster
    instance: Instance
    fault: Fault
    target: Target
    target_role: str
    prediction: Prediction | None
    failover: Prediction


@dataclass(slots=True)
class _Course:
    """How far the trial has come, and what has gone wrong."""

    healed: bool = False
    healthy: bool = False
    interrupted: bool = False
    problems: list[str] = field(default_factory=list)
    clocks: dict[str, ClocksCompared] = field(default_factory=dict)


async def run_trial(lab: Lab, trial: Trial, history: History, progress: Progress) -> bool:
    """Run the trial on its healthy cluster and return whether the cluster was healthy at the end.

    Whatever keeps the trial from its end is its result, and the fault is healed all the same, also when it is
    cancelled.
    """
    predicted = trial.prediction.phases if trial.prediction and trial.target_role == "primary" else ()
    broken = [machine.name for machine in trial.target.machines]
    began, course = time.monotonic(), _Course()
    history.add(
        TrialStarted(
            began,
            trial=trial.number,
            cluster=trial.cluster.name,
            instance=trial.instance.name,
            fault=trial.fault.name,
            target=trial.target.name,
            target_role=trial.target_role,
            predicted={phase.name: phase.seconds for phase in predicted},
            instances=instances_of(trial.cluster),
            broken=broken,
            promises=promises(
                trial.cluster,
                trial.instance,
                trial.fault,
                broken=broken,
                primary=trial.target.primary,
                services=registry.promises(lab.topology, trial.cluster, trial.instance),
            ),
        )
    )
    try:
        await _break_and_repair(lab, trial, course, history, progress)
    except TuchankaError as error:
        course.problems.append(str(error))
    except (asyncio.CancelledError, KeyboardInterrupt):
        course.problems, course.interrupted = [INTERRUPTED], True
        raise
    finally:
        if not course.healed:
            await _heal_at_any_rate(trial, course, progress)
        await _keep_journals(lab, trial, began, course, history)
        history.add(TrialEnded(time.monotonic(), trial.number, "; ".join(course.problems), course.interrupted))
    return course.healthy


async def _keep_journals(lab: Lab, trial: Trial, since: float, course: _Course, history: History) -> None:
    nodes = lab.nodes(trial.cluster)
    found = await together(*(read_journal(node, since, course.clocks.get(node.name)) for node in nodes))
    for event in sorted(chain(*(chain(*both) for both in found)), key=lambda one: one.t):
        history.add(event)


async def _heal_at_any_rate(trial: Trial, course: _Course, progress: Progress) -> None:
    try:
        with progress.step("heal", trial.target.name):
            await within(HEAL_S, heal_by(trial.fault.heal, trial.target), what="the healing")
    except TuchankaError as error:
        course.problems.append(f"healing failed: {error}")


async def _break_and_repair(lab: Lab, trial: Trial, course: _Course, history: History, progress: Progress) -> None:
    number, cluster = trial.number, trial.cluster
    samples = await together(*map(sample, lab.nodes(cluster)))
    course.clocks = {one.node: one for one in samples if one}
    audit = await lab.stack.begin_audit(lab, cluster)
    watches = [
        ServiceWatch(instance.name, tuple(vip.name for vip in instance.standby_vips))
        for instance in cluster.instances
    ]
    history.watchers += [watch.feed for watch in watches]
    config = configure(lab, [(cluster, instance) for instance in cluster.instances])
    try:
        async with recording(lab, config, history.add):
            with progress.step("heartbeat", cluster.name):
                await wait_until(truth(lambda: steady(watches)), deadline_s=STEADY_S, what="a steady heartbeat")
            with progress.step(trial.fault.name, trial.target.name) as note:
                returned = await _break(lab, trial, course, watches, history, note)
                if returned:
                    await _count(lab, trial, trial.instance, history, config.run, watches)
            with progress.step("heal", trial.target.name):
                await within(HEAL_S, heal_by(trial.fault.heal, trial.target), what="the healing")
                course.healed = True
                history.add(FaultHealed(time.monotonic(), number, trial.fault.name, trial.target.name))
            history.add(RestoreStarted(time.monotonic(), number, trial.target.name))
            repair = within(REPAIR_S, lab.stack.bring_up(lab, cluster, progress), what=f"a repaired {cluster.name}")
            service = [] if returned else [_service_returns(number, watches, history, lambda _: None)]
            await together(repair, *service)
            history.add(Healthy(time.monotonic(), number, cluster.name))
            settled = time.monotonic() + AFTERMATH_S
            await wait_until(truth(lambda: time.monotonic() >= settled), deadline_s=2 * AFTERMATH_S, what="the end")
    finally:
        for watch in watches:
            history.watchers.remove(watch.feed)
    # The writer has ended, so this count covers every beat.
    for instance in cluster.instances:
        await _count(lab, trial, instance, history, config.run, watches)
    for event in await audit(number, unsettled):
        history.add(event)
    course.healthy = True


async def _break(
    lab: Lab, trial: Trial, course: _Course, watches: Sequence[ServiceWatch], history: History, note: Note
) -> bool:
    """Inject the fault; return whether the service came back while it lasted."""
    number, fault, target = trial.number, trial.fault, trial.target
    took_effect = await within(APPLY_S, fault.apply(target), what=f"the injection of {fault.name}")
    history.add(FaultInjected(took_effect, number, fault.name, target.name))
    if not fault.returns(target):
        note(f"held for {HOLD_S:g} s")
        await asyncio.sleep(HOLD_S)
        history.add(ServiceHeld(time.monotonic(), number, HOLD_S))
        return False
    predicted = trial.prediction if trial.prediction and trial.prediction.phases else trial.failover
    try:
        await _service_returns(number, watches, history, note, quiet_s=predicted.seconds + QUIET_MARGIN_S)
    except DeadlineExceeded as error:
        course.problems.append(str(error))
        # Healing will wipe out what can be seen now.
        kept = await keep_evidence(lab, trial.cluster, history.folder, number, "unhealed")
        history.add(EvidenceKept(time.monotonic(), number, kept))
        return False
    return True


async def _service_returns(
    number: int, watches: Sequence[ServiceWatch], history: History, note: Note, *, quiet_s: float = 0.0
) -> None:
    """Wait until writes and fresh reads of every instance are back and stay, for ``quiet_s`` at least."""
    began = time.monotonic()

    async def back() -> bool:
        now = time.monotonic()
        note(missing(watches) if not stable(watches, now) else f"back for {now - began:.0f} s")
        return stable(watches, now) and now - began >= quiet_s

    await wait_until(
        back, deadline_s=SERVICE_S, interval_s=0.1, what="the service's return", why_not=lambda: missing(watches)
    )
    history.add(ServiceStable(time.monotonic(), number))


async def _count(
    lab: Lab, trial: Trial, instance: Instance, history: History, run: str, watches: Sequence[ServiceWatch]
) -> None:
    """Count on the primary; one that goes at that very moment (a late reaction) has a successor."""
    up_to = next(watch.resolved_up_to for watch in watches if watch.instance == instance.name)

    async def counted() -> CommitsCounted | None:
        primary = primary_of(await lab.stack.roles(lab, trial.cluster, instance))
        if primary is None:
            return None
        try:
            return await count_commits(
                lab, trial.cluster, instance, primary=primary, run=run, trial=trial.number, up_to=up_to
            )
        except (CommandFailed, MachineError):
            return None

    what = f"a primary of {instance.name} to count commits on"
    history.add(await wait_until(counted, deadline_s=COUNT_S, interval_s=0.5, what=what))
