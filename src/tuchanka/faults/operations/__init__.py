"""Planned operations: what an administrator does on purpose, measured as a fault is."""

import time
from collections.abc import Awaitable, Callable

from tuchanka.errors import LabError
from tuchanka.faults.fault import Target
from tuchanka.faults.marks import marked, unmark
from tuchanka.providers.base import Node, Runner
from tuchanka.stacks.pacemaker.standby import Someone, someone
from tuchanka.stacks.pacemaker.switchover import make_ready, move, plan
from tuchanka.topology.types import Cluster, Instance

# pcs waits this long for a restart; the command is given a little more.
RESTART_S = 120
NODE = (Runner.__name__,)


def quiet(_: str) -> None:
    """Take a note, and leave it."""


def instances(target: Target, cluster: Cluster) -> tuple[Instance, ...]:
    """Return the instances that are meant: the one that is watched, or every one of the cluster."""
    return (target.instance,) if target.instance else cluster.instances


async def switch_instance(target: Target, cluster: Cluster, instance: Instance) -> float:
    """Move the primary to the best standby; returns when that began, after the standby had caught up."""
    lab = target.lab
    switch = await plan(lab, cluster, instance, None)
    await make_ready(lab, cluster, instance, switch, quiet)
    began = time.monotonic()
    await move(lab, cluster, switch, quiet)
    return began


def nodes(target: Target, cluster: Cluster) -> list[str]:
    """Return the cluster's nodes that are hit."""
    return [node.name for node in cluster.nodes if node.name in target.machine_names]


async def restart_instance(by: Node, instance: Instance, node: str | None = None) -> None:
    """Have Pacemaker restart the instance, on one node or on all; wait until it has."""
    words = ["pcs", "resource", "restart", f"{instance.name}-clone", *([node] if node else []), f"--wait={RESTART_S}"]
    await by.run(words, timeout=RESTART_S + 30)


async def take_back(target: Target) -> None:
    """Take back what an operation that was begun, and not ended, has left in Pacemaker's configuration."""
    for cluster in target.clusters:
        begun = [("standby", node) for node in nodes(target, cluster)]
        begun += [("maintenance", cluster.name), ("restart", cluster.name)]
        begun = [one for one in begun if marked(target.lab, *one)]
        if not begun:
            continue
        try:
            by = await someone(target.lab, cluster)
        except LabError:  # it runs nowhere; the marks stay for the next healing
            continue
        for operation, hit in begun:
            await _TAKE_BACK[operation](by, cluster, hit)
            unmark(target.lab, operation, hit)


async def _unstandby(by: Someone, cluster: Cluster, node: str) -> None:
    del cluster
    await by.machine.run(["pcs", "node", "unstandby", node])


async def _look_after(by: Someone, cluster: Cluster, hit: str) -> None:
    del cluster, hit
    await by.machine.run(["pcs", "property", "set", "maintenance-mode=false"])


async def _end_restart(by: Someone, cluster: Cluster, hit: str) -> None:
    """Take back what a restart uses: the wish that the instance be stopped, and a ban of one node."""
    del hit
    for instance in cluster.instances:
        clone = f"{instance.name}-clone"
        await by.machine.run(["pcs", "resource", "meta", clone, "target-role="])
        await by.machine.run(["crm_resource", f"--resource={clone}", "--clear"])


_TAKE_BACK: dict[str, Callable[[Someone, Cluster, str], Awaitable[None]]] = {
    "standby": _unstandby,
    "maintenance": _look_after,
    "restart": _end_restart,
}
