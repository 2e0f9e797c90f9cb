"""Planned operations: what an administrator does on purpose, measured as a fault is."""

import time
from collections.abc import Awaitable, Callable

from tuchanka.errors import LabError
from tuchanka.faults.fault import Fault, Scene
from tuchanka.faults.marks import mark, marked, unmark
from tuchanka.faults.network import one_copy
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Node, Runner
from tuchanka.stacks.pacemaker import operate, standby, switchover
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.standby import Someone
from tuchanka.topology.types import Cluster, Instance

# pcs waits this long for a restart; the command is given a little more.
RESTART_S = 120
NODE = (Runner.__name__,)


def _quiet(_: str) -> None:
    """Take a note, and leave it."""


def _instances(scene: Scene, cluster: Cluster) -> tuple[Instance, ...]:
    return (scene.instance,) if scene.instance else cluster.instances


async def _switch(scene: Scene, cluster: Cluster, instance: Instance) -> float:
    lab = scene.lab
    switch = await switchover.plan(lab, cluster, instance, None)
    await switchover.make_ready(lab, cluster, instance, switch, _quiet)
    began = time.monotonic()
    await switchover.move(lab, cluster, switch, _quiet)
    return began


async def switch_over(scene: Scene) -> float:
    """Move the primary to the best standby; returns when the move began, after the standby had caught up."""
    return min([await _switch(scene, one, instance) for one in scene.clusters for instance in _instances(scene, one)])


async def put_in_standby(scene: Scene) -> float:
    """Have the nodes give everything away, one after another; returns when the first one was asked."""
    began = time.monotonic()
    for cluster in scene.clusters:
        for node in _nodes(scene, cluster):
            by = await standby.who_lets_go(scene.lab, cluster, node)
            mark(scene.lab, "standby", node)
            await standby.put_in_standby(scene.lab, cluster, node, by, _quiet)
    return began


async def _restart(by: Node, instance: Instance, node: str | None = None) -> None:
    words = ["pcs", "resource", "restart", f"{instance.name}-clone", *([node] if node else []), f"--wait={RESTART_S}"]
    await by.run(words, timeout=RESTART_S + 30)


async def restart(scene: Scene) -> float:
    """Restart the instance on all nodes at once, through Pacemaker."""
    began = time.monotonic()
    for cluster in scene.clusters:
        by = await standby.someone(scene.lab, cluster)
        for instance in _instances(scene, cluster):
            mark(scene.lab, "restart", cluster.name)
            await _restart(by.machine, instance)
        unmark(scene.lab, "restart", cluster.name)
    return began


async def restart_rolling(scene: Scene) -> float:
    """Restart the standbys one by one, then switch over, then restart the old primary; returns when it began."""
    began = time.monotonic()
    for cluster in scene.clusters:
        for instance in _instances(scene, cluster):
            mark(scene.lab, "restart", cluster.name)
            before = (await observe(scene.lab, cluster)).instance(instance.name).primary
            for node in (name for name in instance.nodes if name != before):
                await _restart_one(scene, cluster, instance, node)
            if before is not None:
                await _switch(scene, cluster, instance)
                await _restart_one(scene, cluster, instance, before)
        unmark(scene.lab, "restart", cluster.name)
    return began


async def _restart_one(scene: Scene, cluster: Cluster, instance: Instance, node: str) -> None:
    await _restart((await standby.someone(scene.lab, cluster)).machine, instance, node)
    await operate.wait_healthy(scene.lab, cluster)


async def stop_and_start(scene: Scene) -> float:
    """Stop the cluster on every node in good order, and start it again; returns when the stop began."""
    began = time.monotonic()
    for cluster in scene.clusters:
        await operate.stop(scene.lab, cluster)
        await operate.start(scene.lab, cluster)
    return began


async def keep_hands_off(scene: Scene) -> float:
    """Put the cluster in maintenance."""
    for cluster in scene.clusters:
        by = await standby.someone(scene.lab, cluster)
        mark(scene.lab, "maintenance", cluster.name)
        await standby.set_maintenance(scene.lab, cluster, "on", by, _quiet)
    return time.monotonic()


def _nodes(scene: Scene, cluster: Cluster) -> list[str]:
    return [node.name for node in cluster.nodes if node.name in scene.names]


async def take_back(scene: Scene) -> None:
    """Take back what an operation that was begun, and not ended, has left in Pacemaker's configuration."""
    for cluster in scene.clusters:
        begun = [("standby", node) for node in _nodes(scene, cluster)]
        begun += [("maintenance", cluster.name), ("restart", cluster.name)]
        begun = [one for one in begun if marked(scene.lab, *one)]
        if not begun:
            continue
        try:
            by = await standby.someone(scene.lab, cluster)
        except LabError:  # it runs nowhere; the marks stay for the next healing
            continue
        for operation, target in begun:
            await _TAKE_BACK[operation](by, cluster, target)
            unmark(scene.lab, operation, target)


async def _unstandby(by: Someone, cluster: Cluster, node: str) -> None:
    del cluster
    await by.machine.run(["pcs", "node", "unstandby", node])


async def _look_after(by: Someone, cluster: Cluster, target: str) -> None:
    del cluster, target
    await by.machine.run(["pcs", "property", "set", "maintenance-mode=false"])


async def _end_restart(by: Someone, cluster: Cluster, target: str) -> None:
    """Take back what a restart uses: the wish that the instance be stopped, and a ban of one node."""
    del target
    for instance in cluster.instances:
        clone = f"{instance.name}-clone"
        await by.machine.run(["pcs", "resource", "meta", clone, "target-role="])
        await by.machine.run(["crm_resource", f"--resource={clone}", "--clear"])


_TAKE_BACK: dict[str, Callable[[Someone, Cluster, str], Awaitable[None]]] = {
    "standby": _unstandby,
    "maintenance": _look_after,
    "restart": _end_restart,
}

SWITCHOVER = Fault(
    name="switchover",
    family="operations",
    scope="cluster",
    needs=NODE,
    does="moves the primary to the best standby, after that has caught up",
    expect="no commit is lost, and writes wait for as long as a stop and a promotion take",
    proves="what planned work on a primary's node costs",
    apply=switch_over,
    heal=take_back,
    unfit=one_copy,
)
STANDBY = Fault(
    name="standby",
    family="operations",
    scope="node",
    needs=NODE,
    does="has a node give everything away; healing lets it take part again",
    expect="another node serves in a moment; the node comes back as a standby",
    proves="that a node can be taken out of service, and back, without a loss",
    apply=put_in_standby,
    heal=take_back,
    returns=survives,
    unfit=one_copy,
)
RESTART = Fault(
    name="restart",
    family="operations",
    scope="cluster",
    needs=NODE,
    does="restarts PostgreSQL on all nodes at once, through Pacemaker (pcs resource restart)",
    expect="the service is away for a stop and a start; the primary stays where it is",
    proves="what a changed parameter costs that wants a restart",
    apply=restart,
    heal=take_back,
)
ROLLING_RESTART = Fault(
    name="rolling-restart",
    family="operations",
    scope="cluster",
    needs=NODE,
    does="restarts the standbys one by one, switches over, and restarts the old primary",
    expect="the same as a restart for no more than a switchover's price",
    proves="that a parameter, or a minor version, is changed without a longer outage",
    apply=restart_rolling,
    heal=take_back,
    unfit=one_copy,
)
CLUSTER_STOP_START = Fault(
    name="cluster-stop-start",
    family="operations",
    scope="cluster",
    needs=NODE,
    does="stops the cluster on every node, resources first, and starts it again",
    expect="the service is away until the cluster has found together; the primary is where it was",
    proves="that a whole stop loses nothing and needs no restore",
    apply=stop_and_start,
    heal=take_back,
)
MAINTENANCE = Fault(
    name="maintenance",
    family="operations",
    scope="cluster",
    needs=NODE,
    does="has Pacemaker keep its hands off everything; healing has it look after it again",
    expect="nothing that clients notice, neither then nor afterwards",
    proves="that the cluster can be worked on, or upgraded, under a running service",
    apply=keep_hands_off,
    heal=take_back,
)
FAULTS = (SWITCHOVER, STANDBY, RESTART, ROLLING_RESTART, CLUSTER_STOP_START, MAINTENANCE)
