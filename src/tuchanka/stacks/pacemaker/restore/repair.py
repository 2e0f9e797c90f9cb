"""Brings a failed node back as a standby: looks, plans, and does what was planned."""

import time
from collections.abc import Mapping
from typing import get_args

from tuchanka.errors import CommandFailed, DeadlineExceeded, LabError, UnknownName
from tuchanka.lab.lab import Deployment
from tuchanka.lab.progress import Note, Progress
from tuchanka.providers.base import make_ready
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.operate import HEALTHY_S, start_node, wait_healthy
from tuchanka.stacks.pacemaker.restore.look import look
from tuchanka.stacks.pacemaker.restore.method import Method
from tuchanka.stacks.pacemaker.restore.plan import Step, make_plan
from tuchanka.stacks.pacemaker.restore.steps import do
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.stacks.pacemaker.timing.derive import timing_of
from tuchanka.topology.types import Cluster, Instance
from tuchanka.waiting import wait_until

Tried = Mapping[str, frozenset[Method]]
METHODS = get_args(Method)
# A standby that runs streams within a few retries, or never: its data doesn't fit the primary's.
STREAM_S = 20.0
FENCED_S = 90.0


async def plan(
    lab: Deployment, cluster: Cluster, node: str, instance: str | None, *, force: bool, tried: Tried | None = None
) -> tuple[Step, ...]:
    """Look at the node and the primaries and return the steps; nothing is changed, but the node is switched on.

    ``tried`` has the methods that failed already, by instance.

    Raises:
        RestoreRefused, LabError: see ``restore_plan``.
        UnknownName: see ``chosen_instances``.
    """
    chosen = chosen_instances(cluster, node, instance)
    await make_ready(lab.machine(node))
    state = await observe(lab, cluster)
    seen = tuple([await look(lab, one, node, state, tried or {}) for one in chosen])
    steps = make_plan(
        seen,
        node,
        force=force,
        quorum_without=quorum_without(state, node),
        primaries=[one.name for one in state.instances if one.primary == node],
        given_up=state.node(node).fail_counts,
    )
    here = state.node(node)
    if steps and (here.standby or here.maintenance or state.maintenance):
        mode = "standby" if here.standby else "maintenance"
        raise LabError(
            f"it is in {mode}, so Pacemaker would start nothing there", where=node, hint=f"end the {mode} first"
        )
    return steps


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


def quorum_without(state: ClusterState, node: str) -> bool:
    """Whether the others keep their quorum while the node leaves; true where there is none to keep."""
    votes = state.quorum.votes - (1 if state.node(node).stack_running else 0)
    return not state.quorum.quorate or votes > state.quorum.expected // 2


async def carry_out(
    lab: Deployment,
    cluster: Cluster,
    node: str,
    steps: tuple[Step, ...],
    progress: Progress,
    *,
    instance: str | None = None,
    force: bool = False,
) -> None:
    """Do the steps, then wait until the node's copies are healthy; after a failure a new plan goes on from there.

    What was chosen and fails is not chosen again: after a restart or a pg_rewind that comes to nothing the plan is
    made anew, which ends with a base backup.

    Raises:
        LabError: a standby doesn't stream although its data was copied.
    """
    tried: dict[str, frozenset[Method]] = {}
    if steps:
        await wait_fenced(lab, cluster, node)
    while failed := await _attempt(lab, cluster, node, steps, progress):
        for name, method in failed.items():
            if method == "base-backup":
                raise LabError(
                    f"{name} does not stream although its data was copied from the primary",
                    where=node,
                    hint=f"'tuchanka logs {node}' shows why",
                )
            tried[name] = tried.get(name, frozenset()) | {method}
        steps = await plan(lab, cluster, node, instance, force=force, tried=tried)
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


async def _attempt(
    lab: Deployment, cluster: Cluster, node: str, steps: tuple[Step, ...], progress: Progress
) -> dict[str, Method]:
    """Do the steps; return what failed, instance → method, as soon as it has."""
    methods: dict[str, Method] = {step.instance: _method(step) for step in steps if step.action in METHODS}
    # What lets the copies start; without the first the cluster runs, and it is the last cleanup.
    starts = [step for step in steps if step.action in {"start-cluster", "clean-up"}][-1:]
    for step in steps:
        try:
            with progress.step("restore", node) as note:
                note(step.text)
                await do(lab, cluster, node, step, note)
        except (CommandFailed, DeadlineExceeded):
            if step.action not in {"rewind", "recover"}:
                raise
            return {step.instance: methods[step.instance]}
        if step in starts:
            with progress.step("streaming", node) as note:
                missing = await _streams(lab, cluster, node, tuple(methods), note)
                if missing:
                    note(f"{', '.join(missing)} does not stream")
            if missing:
                return {name: methods[name] for name in missing}
    return {}


def _method(step: Step) -> Method:
    return next(method for method in METHODS if method == step.action)


async def _streams(lab: Deployment, cluster: Cluster, node: str, names: tuple[str, ...], note: Note) -> list[str]:
    """Wait until the copies stream or it is clear that they won't; return those that don't.

    A Pacemaker that the coordinator doesn't let in ends itself for good, which says nothing about the data. That
    happens to a node that was lost while the coordinator was fetching its configuration; the next time it is let in.
    """
    running_since: dict[str, float] = {}
    waiting = list(names)

    async def settled() -> list[str] | None:
        nonlocal waiting
        state = await observe(lab, cluster)
        here = state.node(node)
        if here.power == "on" and not here.stack_running and not here.unclean:
            note("Pacemaker has ended itself: starting it again")
            await start_node(cluster, lab.machine(node))
        hopeless = []
        waiting = []
        for name in names:
            copy = state.instance(name).copy(node)
            if copy is None or copy.state in {"streaming", "catchup"}:
                continue
            waiting.append(name)
            if copy.in_recovery is not None:
                running_since.setdefault(name, time.monotonic())
            stopped = name in here.fail_counts and copy.in_recovery is None
            if stopped or time.monotonic() - running_since.get(name, time.monotonic()) > STREAM_S:
                hopeless.append(name)
        return hopeless or (["-"] if not waiting else None)

    deadline_s = HEALTHY_S + timing_of(lab.topology, cluster).start_timeout_s
    try:
        found = await wait_until(
            settled,
            deadline_s=deadline_s,
            interval_s=0.3,
            what="streaming",
        )
    except DeadlineExceeded:
        return waiting
    return [name for name in found if name != "-"]
