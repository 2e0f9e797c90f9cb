"""Starting and stopping a cluster, and waiting until it is healthy."""

import contextlib
from collections.abc import Callable, Iterable

from tuchanka.errors import MachineError
from tuchanka.lab.lab import Deployment
from tuchanka.lab.progress import Note
from tuchanka.providers.base import Node, Power, make_ready
from tuchanka.stacks.pacemaker.health import problems
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.render.services import services
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together, wait_until

HEALTHY_S = 120.0
START_S = 90.0
STOP_S = 300.0


async def start_node(cluster: Cluster, node: Node) -> None:
    """Start the cluster stack on one node; safe to repeat."""
    await node.run(["systemctl", "start", *services(cluster)], timeout=START_S)


async def stop_nodes(cluster: Cluster, nodes: Iterable[Node]) -> None:
    """Stop the cluster stack on nodes, its resources first; safe to repeat.

    No node leaves the membership before Pacemaker has ended on all of them: one that lost its quorum while it still
    stops a server would be reset, at once without a quorum device.
    """
    stopped = tuple(nodes)
    for service in reversed(services(cluster)):
        await together(*(_stop_service(node, service) for node in stopped))


async def stop_node(cluster: Cluster, node: Node) -> None:
    """Stop the cluster stack on one node, like ``stop_nodes``."""
    await stop_nodes(cluster, (node,))


async def _stop_service(node: Node, service: str) -> None:
    """Stop one service of the stack.

    A node whose pacemakerd was replaced is reset by its watchdog while it stops (see docs/reactions.md), when its
    resources are stopped already. That is as good a stop.
    """
    try:
        await node.run(["systemctl", "stop", service], timeout=STOP_S)
    except MachineError:
        await node.wait_ready()
        if (await node.run(["systemctl", "is-active", service], check=False)).stdout.strip() != "inactive":
            raise


async def start(lab: Deployment, cluster: Cluster) -> None:
    """Switch the machines on and start the cluster stack on every node at once."""
    await together(*map(make_ready, lab.machines_of((cluster,))))
    await together(*(start_node(cluster, node) for node in lab.nodes(cluster)))


async def stop(lab: Deployment, cluster: Cluster) -> None:
    """Stop the cluster stack on every node that is on, all at once."""
    on = [node for node in lab.nodes(cluster) if not isinstance(node, Power) or await node.power_state() == "on"]
    await stop_nodes(cluster, on)


async def wait_healthy(
    lab: Deployment,
    cluster: Cluster,
    *,
    note: Note = lambda _: None,
    deadline_s: float = HEALTHY_S,
    unless: Callable[[ClusterState], object] = lambda _: False,
) -> ClusterState:
    """Wait until the cluster is healthy, or ``unless`` is true of it; ``note`` is told what is still missing.

    Raises:
        DeadlineExceeded: it wasn't in time; the message says why not.
    """
    last: tuple[str, ...] = ("not looked at yet",)

    async def healthy() -> ClusterState | None:
        nonlocal last
        state = await observe(lab, cluster)
        last = problems(state, cluster)
        with contextlib.suppress(IndexError):
            note(last[0])
        return None if last and not unless(state) else state

    return await wait_until(
        healthy,
        deadline_s=deadline_s,
        interval_s=0.3,
        what=f"a healthy {cluster.name}",
        why_not=lambda: ", ".join(last),
        hint="'tuchanka status' shows the whole",
    )
