"""Brings a failed node back as a standby: looks, plans, and does what was planned."""

import time

from tuchanka.errors import DeadlineExceeded, UnknownName
from tuchanka.lab.lab import Deployment
from tuchanka.lab.progress import Note, Progress
from tuchanka.providers.base import make_ready
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.operate import HEALTHY_S, start_node, wait_healthy
from tuchanka.stacks.pacemaker.restore.attempts import Standby, StreamingWatch, Tried, carry_out_steps
from tuchanka.stacks.pacemaker.restore.look import look
from tuchanka.stacks.pacemaker.restore.plan import RestoreStep, make_plan
from tuchanka.stacks.pacemaker.restore.steps import do
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.stacks.pacemaker.timing.derive import timing_of
from tuchanka.topology.types import Cluster, Instance
from tuchanka.waiting import wait_until

FENCED_S = 90.0


async def plan(
    lab: Deployment, cluster: Cluster, node: str, instance: str | None, *, force: bool, tried: Tried | None = None
) -> tuple[RestoreStep, ...]:
    """Look at the node and the primaries and return the steps; nothing is changed, but the node is switched on.

    ``tried`` has the methods that failed already, by instance.

    Raises:
        RestoreRefused, LabError: see ``make_plan``.
        UnknownName: see ``chosen_instances``.
    """
    chosen = chosen_instances(cluster, node, instance)
    await make_ready(lab.machine(node))
    state = await observe(lab, cluster)
    seen = tuple([await look(lab, one, node, state, tried or {}) for one in chosen])
    here = state.node(node)
    return make_plan(
        seen,
        node,
        force=force,
        quorum_without=state.quorum.spares(1 if here.stack_running else 0),
        primaries=[one.name for one in state.instances if one.primary == node],
        given_up=here.fail_counts,
        mode="standby" if here.standby else "maintenance" if here.maintenance or state.maintenance else "",
    )


def chosen_instances(cluster: Cluster, node: str, instance: str | None) -> tuple[Instance, ...]:
    """Return the instances on the node, or the one of this name.

    Raises:
        UnknownName: the node doesn't keep it.
    """
    kept = [one for one in cluster.instances if node in one.nodes]
    chosen = tuple(one for one in kept if instance in (None, one.name))
    if not chosen:
        raise UnknownName("instance", str(instance), [one.name for one in kept])
    return chosen


async def carry_out(
    lab: Deployment,
    cluster: Cluster,
    node: str,
    steps: tuple[RestoreStep, ...],
    progress: Progress,
    *,
    instance: str | None = None,
    force: bool = False,
) -> None:
    """Do the steps, then wait until the node's copies are healthy; after a failure a new plan goes on from there.

    Raises:
        LabError: a standby doesn't stream although its data was copied.
    """

    async def one(step: RestoreStep) -> None:
        with progress.step("restore", node) as note:
            note(step.text)
            await do(lab, cluster, node, step, note)

    async def streams(names: tuple[str, ...]) -> list[str]:
        with progress.step("streaming", node) as note:
            missing = await _streams(lab, cluster, node, names, note)
            if missing:
                note(f"{', '.join(missing)} does not stream")
        return missing

    async def plan_again(tried: Tried) -> tuple[RestoreStep, ...]:
        return await plan(lab, cluster, node, instance, force=force, tried=tried)

    if steps:
        await wait_fenced(lab, cluster, node)
    await carry_out_steps(steps, node, do=one, streams=streams, plan_again=plan_again)
    with progress.step("healthy", cluster.name) as note:
        if not others_failed(await observe(lab, cluster), node):
            await wait_healthy(lab, cluster, note=note)


async def wait_fenced(lab: Deployment, cluster: Cluster, node: str) -> None:
    """Wait until the others don't wait for the node's fencing any more.

    A machine that its watchdog has reset may be back before that. Would its cluster stack join now, Pacemaker would
    learn there that it has just been fenced, and end itself.
    """

    async def fenced() -> bool:
        return not (await observe(lab, cluster)).node(node).unclean

    hint = "'tuchanka status' shows the whole"
    await wait_until(fenced, deadline_s=FENCED_S, interval_s=0.3, what=f"the fencing of {node}", hint=hint)


def others_failed(state: ClusterState, node: str) -> list[str]:
    """Return the other nodes that would have to be restored, too, before the whole cluster can be healthy."""
    return [
        other.name
        for other in state.nodes
        if other.name != node
        and (
            not other.stack_running
            or any(
                copy.node == other.name and copy.role == "stopped"
                for instance in state.instances
                for copy in instance.copies
            )
        )
    ]


async def _streams(lab: Deployment, cluster: Cluster, node: str, names: tuple[str, ...], note: Note) -> list[str]:
    """Wait until the copies stream or it is clear that they won't; return those that don't.

    A Pacemaker that the coordinator doesn't let in ends itself for good, which says nothing about the data. That
    happens to a node that was lost while the coordinator was fetching its configuration; the next time it is let in.
    """
    watch = StreamingWatch(waiting=list(names))

    async def settled() -> bool:
        state = await observe(lab, cluster)
        here = state.node(node)
        if here.power == "on" and not here.stack_running and not here.unclean:
            note("Pacemaker has ended itself: starting it again")
            await start_node(cluster, lab.machine(node))
        watch.look(time.monotonic(), {name: _standby(state, name, node) for name in names})
        return bool(watch.hopeless) or not watch.waiting

    deadline_s = HEALTHY_S + timing_of(lab.topology, cluster).start_timeout_s
    try:
        await wait_until(settled, deadline_s=deadline_s, interval_s=0.3, what="streaming")
    except DeadlineExceeded:
        return watch.waiting
    return watch.hopeless


def _standby(state: ClusterState, instance: str, node: str) -> Standby:
    copy = state.instance(instance).copy(node)
    return Standby(
        streams=copy is None or copy.state in {"streaming", "catchup"},
        answers=copy is not None and copy.in_recovery is not None,
        failed=instance in state.node(node).fail_counts,
        position=(copy and copy.lsn) or "",
    )
