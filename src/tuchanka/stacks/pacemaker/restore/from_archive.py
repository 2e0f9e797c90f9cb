"""Brings an instance back from the archive: to a point in time, or to its end where no copy is left.

One copy is filled, outside the stopped cluster; then the cluster is started as one of which no copy serves: that copy
is the most advanced one, because it is on a newer timeline, or the only one, and the others are restored from it.
"""

from dataclasses import dataclass

from tuchanka.archive.look import info
from tuchanka.archive.pgbackrest import Info, Unavailable
from tuchanka.archive.refill import refill
from tuchanka.archive.target import LATEST, Target, check_target
from tuchanka.errors import LabError, RestoreRefused
from tuchanka.instance_paths import InstancePaths
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Progress
from tuchanka.postgres.controldata import lsn
from tuchanka.providers.base import make_ready
from tuchanka.stacks.pacemaker import bring_up, operate
from tuchanka.stacks.pacemaker.restore import cold_start
from tuchanka.stacks.pacemaker.restore.copy_facts import CopySeen, look_at_copy
from tuchanka.stacks.pacemaker.restore.plan import RestoreStep
from tuchanka.topology.types import Cluster, Instance
from tuchanka.waiting import together


@dataclass(frozen=True, slots=True)
class Refill:
    """Which copy of an instance is filled, and up to where; ``discards`` says what is given up by that."""

    instance: str
    node: str
    target: Target
    discards: str = ""


async def plan_total_loss(lab: Lab, cluster: Cluster, *, force: bool, now: float) -> tuple[Refill, ...]:
    """Return a copy to fill for each instance that has none left; its machines have to be on.

    Raises:
        RestoreRefused: a copy is left, which may have more than the archive; ``force`` gives it up.
        LabError: an instance has nothing in the archive either, or the store doesn't answer.
    """
    found = []
    for instance in cluster.instances:
        copies = await _copies(lab, cluster, instance)
        left = {node: copy for node, copy in copies.items() if copy.data is not None and not copy.half_rewound}
        if left and not force:
            node, copy = max(left.items(), key=lambda one: lsn(one[1].data.position if one[1].data else "0/0"))
            position = copy.data.position if copy.data else ""
            raise RestoreRefused(
                f"{instance.name}: {node} has data up to {position} at least, which may be more than the archive has",
                where=cluster.name,
                hint=f"'tuchanka restore {cluster.name}' starts from it; --force gives it up",
            )
        await check(lab, instance, instance.home, LATEST, now)
        discards = f"the data on {', '.join(left)}" if left else ""
        found.append(Refill(instance.name, instance.home, LATEST, discards))
    return tuple(found)


async def plan_point_in_time(lab: Lab, cluster: Cluster, instance: Instance, target: Target, now: float) -> Refill:
    """Return the copy to fill; nothing is changed.

    Raises:
        InputError: the archive can't have the target.
        LabError: the instance isn't archived, or the store doesn't answer.
    """
    await check(lab, instance, instance.home, target, now)
    return Refill(instance.name, instance.home, target, f"everything that was written after {target}")


async def _copies(lab: Lab, cluster: Cluster, instance: Instance) -> dict[str, CopySeen]:
    paths = InstancePaths(cluster.postgresql, instance.name)
    seen = await together(*(look_at_copy(lab.machine(node), paths) for node in instance.nodes))
    return dict(zip(instance.nodes, seen, strict=True))


async def check(lab: Lab, instance: Instance, node: str, target: Target, now: float) -> Info:
    """Return what the archive has, as a node is told, if it can have the target; ``now`` is in seconds since 1970.

    Raises:
        InputError: it can't have the target.
        LabError: the instance isn't archived, or the store doesn't answer.
    """
    must_be_archived(lab, instance)
    try:
        found = await info(lab.machine(node), instance.name)
    except Unavailable as error:
        raise LabError(
            f"the archive of {instance.name} can't be asked: {error}",
            where=node,
            hint="'tuchanka status' shows how the store is",
        ) from error
    check_target(target, found, now, instance.name)
    return found


def must_be_archived(lab: Lab, instance: Instance) -> None:
    """Refuse an instance without an archive.

    Raises:
        LabError: it has none.
    """
    if lab.topology.archive is None or not instance.archive:
        raise LabError(
            f"{instance.name} has no archive",
            where=lab.topology.source,
            hint="see docs/archive.md for how to get one",
        )


def steps(cluster: Cluster, refills: tuple[Refill, ...]) -> tuple[RestoreStep, ...]:
    """Return the plan in words."""
    filled = [
        RestoreStep(
            "refill",
            one.instance,
            f"{one.instance}: restore {one.node} from the archive up to {one.target}"
            + (f"; this gives up {one.discards}" if one.discards else ""),
        )
        for one in refills
    ]
    rest = "start the cluster with it, and restore the other copies from it"
    return (
        RestoreStep("stop-cluster", "", f"stop {cluster.name} on every node"),
        *filled,
        RestoreStep("start-cluster", "", rest),
    )


async def carry_out(lab: Lab, cluster: Cluster, refills: tuple[Refill, ...], progress: Progress) -> None:
    """Stop the cluster, fill the copies, and bring the cluster up with them; a run that was killed is repeated.

    Raises:
        LabError: the log ends before the target.
    """
    await together(*map(make_ready, lab.machines_of((cluster,))))
    await _stop(lab, cluster, refills, progress)
    for one in refills:
        instance = cluster.instance(one.instance)
        paths = InstancePaths(cluster.postgresql, instance.name)
        with progress.step("refill", one.node) as note:
            await refill(lab.machine(one.node), paths, instance.port, one.target, note)
        if one.target == LATEST:
            await _give_up_others(lab, instance, one.node, paths)
    state = await bring_up.start_from_nothing(lab, cluster, await cold_start.plan(lab, cluster), progress)
    await bring_up.restore_all(lab, cluster, state, progress, force=True)
    with progress.step("healthy", cluster.name) as note:
        await operate.wait_healthy(lab, cluster, note=note)


async def _stop(lab: Lab, cluster: Cluster, refills: tuple[Refill, ...], progress: Progress) -> None:
    """Stop the cluster; where nothing is left, by the machines' power.

    Pacemaker waits without end for the stop of a server whose data is gone, and there is nothing that could be lost.
    """
    if any(one.target != LATEST or one.discards for one in refills):
        with progress.step("stop", cluster.name):
            await operate.stop(lab, cluster)
        return
    nodes = lab.nodes(cluster)
    with progress.step("power cycle", cluster.name):
        await together(*(node.power_off() for node in nodes))
        await together(*map(make_ready, nodes))


async def _give_up_others(lab: Lab, instance: Instance, filled: str, paths: InstancePaths) -> None:
    """Put what other nodes have aside: on the same timeline it could be further than what the archive had."""
    script = 'if [ -e "$1" ]; then rm -rf "$2" && mv "$1" "$2"; fi; rm -f "$3"'
    others = [lab.machine(node) for node in instance.nodes if node != filled]
    await together(*(node.run(["sh", "-c", script, "sh", paths.data, paths.old, paths.rewinding]) for node in others))
