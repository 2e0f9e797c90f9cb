"""One trial: from healthy, through a fault, to healthy again; everything that happens goes to the history."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import chain

from tuchanka.campaign.evidence import count_commits, read_journal
from tuchanka.campaign.history import History
from tuchanka.campaign.watch import ServiceWatch
from tuchanka.cluster import restore
from tuchanka.cluster.bring_up import bring_up
from tuchanka.cluster.observe import observe
from tuchanka.errors import LabError, TuchankaError
from tuchanka.events import (
    FaultHealed,
    FaultInjected,
    Healthy,
    RestoreStarted,
    ServiceStable,
    TrialEnded,
    TrialStarted,
)
from tuchanka.faults.fault import Fault, Scene
from tuchanka.heartbeat.client import configure, recording
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Note, Progress
from tuchanka.timing.predict import predict_power_off
from tuchanka.topology.types import Cluster, Instance
from tuchanka.waiting import wait_until

STEADY_S = 30.0
SERVICE_S = 180.0
# Without an outage nothing says that the cluster has reacted, so it is watched for as long as a reaction would take.
QUIET_MARGIN_S = 3.0
# Afterwards, to see that the restored node disturbs nothing.
AFTERMATH_S = 2.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried: a fault on one node of a cluster, watched through one of its instances."""

    number: int
    cluster: Cluster
    instance: Instance
    fault: Fault
    target: str


async def run_trial(lab: Lab, trial: Trial, history: History, progress: Progress) -> None:
    """Run the trial; whatever keeps it from its end is its result, and the fault is healed all the same."""
    number, cluster, instance = trial.number, trial.cluster, trial.instance
    state = await bring_up(lab, cluster, progress)
    primary = state.instance(instance.name).primary
    prediction = predict_power_off(lab.timing)
    history.add(
        TrialStarted(
            time.monotonic(),
            trial=number,
            cluster=cluster.name,
            instance=instance.name,
            fault=trial.fault.name,
            target=trial.target,
            target_role="primary" if primary == trial.target else "standby",
            predicted={phase.name: phase.seconds for phase in prediction.phases} if primary == trial.target else {},
        )
    )
    began, problem = time.monotonic(), ""
    scene = Scene(lab, trial.target, (lab.machine(trial.target),), cluster, instance, primary)
    try:
        await _break_and_mend(scene, trial, history, progress, quiet_s=prediction.seconds + QUIET_MARGIN_S)
    except TuchankaError as error:
        problem = str(error)
        try:
            await trial.fault.heal(scene)
        except TuchankaError as second:
            problem += f"; healing failed: {second}"
    finally:
        journals = [await read_journal(machine, began) for machine in lab.nodes(cluster)]
        for entry in sorted(chain(*journals), key=lambda line: line.t):
            history.add(entry)
        history.add(TrialEnded(time.monotonic(), number, problem))


async def _break_and_mend(
    scene: Scene, trial: Trial, history: History, progress: Progress, *, quiet_s: float
) -> None:
    lab = scene.lab
    number, cluster, instance = trial.number, trial.cluster, trial.instance
    watch = ServiceWatch(instance.name, tuple(vip.name for vip in instance.standby_vips))
    history.watchers.append(watch.feed)
    config = configure(lab, [(cluster, instance)])
    try:
        async with recording(lab, config, history.add):
            with progress.step("heartbeat", instance.name):
                await wait_until(_truth(lambda: watch.steady), deadline_s=STEADY_S, what="a steady heartbeat")
            with progress.step(trial.fault.name, trial.target) as note:
                watch.forget_outages()
                history.add(FaultInjected(await trial.fault.apply(scene), number, trial.fault.name, trial.target))
                await _wait_for_service(watch, note, quiet_s)
                history.add(ServiceStable(time.monotonic(), number))
                await _count(lab, trial, history, config.run, watch.resolved_up_to)
            with progress.step("power on", trial.target):
                await trial.fault.heal(scene)
                history.add(FaultHealed(time.monotonic(), number, trial.fault.name, trial.target))
            history.add(RestoreStarted(time.monotonic(), number, trial.target))
            steps = await restore.plan(lab, cluster, trial.target, None, force=False)
            await restore.carry_out(lab, cluster, trial.target, steps, progress)
            history.add(Healthy(time.monotonic(), number, cluster.name))
            settled = time.monotonic() + AFTERMATH_S
            await wait_until(_truth(lambda: time.monotonic() >= settled), deadline_s=2 * AFTERMATH_S, what="the end")
    finally:
        history.watchers.remove(watch.feed)
    # The writer has ended, so this count covers every beat.
    await _count(lab, trial, history, config.run, watch.resolved_up_to)


async def _wait_for_service(watch: ServiceWatch, note: Note, quiet_s: float) -> None:
    injected = time.monotonic()

    async def back() -> bool:
        now = time.monotonic()
        note(watch.missing() if not watch.stable(now) else f"back for {now - injected:.0f} s")
        return watch.stable(now) and (watch.outage_since is not None or now - injected >= quiet_s)

    await wait_until(back, deadline_s=SERVICE_S, interval_s=0.1, what="the service's return", why_not=watch.missing)


async def _count(lab: Lab, trial: Trial, history: History, run: str, up_to: int) -> None:
    state = await observe(lab, trial.cluster)
    primary = state.instance(trial.instance.name).primary
    if primary is None:
        raise LabError(f"{trial.instance.name} has no primary to count commits on", where=trial.cluster.name)
    counted = await count_commits(
        lab, trial.cluster, trial.instance, primary=primary, run=run, trial=trial.number, up_to=up_to
    )
    history.add(counted)


def _truth(question: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    """Make a plain question one that can be waited on."""

    async def answer() -> bool:
        return question()

    return answer
