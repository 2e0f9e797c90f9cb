"""Taking a node, or Pacemaker's hand, off the service for a while, and waiting until that holds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tuchanka.errors import LabError, SwitchoverRefused
from tuchanka.lab.lab import Deployment
from tuchanka.lab.progress import Note
from tuchanka.providers.base import Node
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.operate import wait_healthy
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.stacks.pacemaker.switchover_plan import standby_refusal
from tuchanka.topology.types import Cluster
from tuchanka.waiting import wait_until

DEADLINE_S = 120.0


@dataclass(frozen=True, slots=True)
class Someone:
    """A node that Pacemaker's configuration can be changed from, and the state that was seen before."""

    machine: Node
    state: ClusterState


async def someone(lab: Deployment, cluster: Cluster) -> Someone:
    """Find such a node.

    Raises:
        LabError: the cluster runs nowhere.
    """
    state = await observe(lab, cluster)
    for node in sorted(state.nodes, key=lambda one: one.name != state.coordinator):
        if node.stack_running and node.online:
            return Someone(lab.machine(node.name), state)
    raise LabError(
        "the cluster is not running on any node", where=cluster.name, hint=f"'tuchanka cluster start {cluster.name}'"
    )


async def who_lets_go(lab: Deployment, cluster: Cluster, node: str) -> Someone:
    """Find such a node, if ``node`` may go into standby, or is there already.

    Raises:
        SwitchoverRefused: nobody could take over what it has.
        LabError: the cluster runs nowhere.
    """
    found = await someone(lab, cluster)
    why = "" if found.state.node(node).standby else standby_refusal(found.state, node, cluster.instances)
    if why:
        hint = f"'tuchanka exec {found.machine.name} -- pcs node standby {node}' does it all the same"
        raise SwitchoverRefused(why, where=node, hint=hint)
    return found


async def put_in_standby(lab: Deployment, cluster: Cluster, node: str, by: Someone, note: Note) -> ClusterState:
    """Have the node give everything away, and wait until it has, and all that it had is served elsewhere.

    Raises:
        DeadlineExceeded: it wasn't so in time.
    """
    if not by.state.node(node).standby:
        await by.machine.run(["pcs", "node", "standby", node])
    return await _until(lab, cluster, lambda seen: away(seen, node), f"{node} in standby", note)


async def take_out_of_standby(lab: Deployment, cluster: Cluster, node: str, by: Someone, note: Note) -> ClusterState:
    """Let the node take part again, and wait until it does and all is healthy."""
    if by.state.node(node).standby:
        await by.machine.run(["pcs", "node", "unstandby", node])
    return await wait_healthy(lab, cluster, note=note, deadline_s=DEADLINE_S)


async def set_maintenance(
    lab: Deployment, cluster: Cluster, wanted: Literal["on", "off"], by: Someone, note: Note
) -> ClusterState:
    """Have Pacemaker leave everything as it is (it monitors nothing then), or take it up again, and wait for that."""
    if by.state.maintenance != (wanted == "on"):
        await by.machine.run(["pcs", "property", "set", f"maintenance-mode={str(wanted == 'on').lower()}"])
    if wanted == "off":
        return await wait_healthy(lab, cluster, note=note, deadline_s=DEADLINE_S)
    return await _until(
        lab, cluster, lambda seen: "" if seen.maintenance else "not yet", f"{cluster.name} in maintenance", note
    )


def away(state: ClusterState, node: str) -> str:
    """Return what a node in standby still has, or what isn't served elsewhere; empty if nothing. Pure."""
    if not state.node(node).standby:
        return "not in standby yet"
    for instance in state.instances:
        copy = instance.copy(node)
        if copy is not None and copy.role != "stopped":
            return f"{instance.name} is {copy.role} on {node}"
        primary = instance.copy(instance.primary or "")
        if primary is None or primary.in_recovery is not False:
            return f"{instance.name} has no primary that takes writes"
    for vip in state.vips:
        if node in vip.nodes:
            return f"{vip.name} is on {node}"
        if len(vip.nodes) != 1:
            return f"{vip.name} is on {len(vip.nodes)} nodes"
    return ""


async def _until(
    lab: Deployment, cluster: Cluster, missing: Callable[[ClusterState], str], what: str, note: Note
) -> ClusterState:
    last = "not looked at yet"

    async def holds() -> ClusterState | None:
        nonlocal last
        state = await observe(lab, cluster)
        last = missing(state)
        note(last)
        return None if last else state

    return await wait_until(
        holds,
        deadline_s=DEADLINE_S,
        interval_s=0.3,
        what=what,
        why_not=lambda: last,
        hint="'tuchanka status' shows the whole",
    )
