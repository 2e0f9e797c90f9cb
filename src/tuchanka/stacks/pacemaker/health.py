"""Whether a cluster is healthy, and if not, why. Pure."""

from collections.abc import Iterator

from tuchanka.stacks.pacemaker.state import ClusterState, Copy, InstanceState
from tuchanka.topology.types import Cluster

# A standby this far behind is still catching up: more than one WAL segment (16 MB by default).
CAUGHT_UP_BYTES = 16 << 20


def problems(state: ClusterState, cluster: Cluster) -> tuple[str, ...]:
    """Return everything that keeps the cluster from being healthy; empty if it is."""
    if not state.running:
        return ("the cluster is not running on any node",)
    return (
        *_of_nodes(state, cluster),
        *_of_quorum(state),
        *_of_devices(state, cluster),
        *_of_instances(state),
        *_of_vips(state, cluster),
    )


def _of_nodes(state: ClusterState, cluster: Cluster) -> Iterator[str]:
    for node in state.nodes:
        if node.power == "off":
            yield f"{node.name} is off"
        elif not node.stack_running:
            yield f"{node.name} does not run the cluster: 'tuchanka restore {node.name}' brings it back"
        elif not node.online:
            yield f"{node.name} is not online"
        elif node.unclean:
            yield f"{node.name} waits to be fenced"
        elif node.standby or node.maintenance:
            yield f"{node.name} is in {'standby' if node.standby else 'maintenance'}"
        elif cluster.fencing.watchdog and node.watchdog not in {"armed", "unknown"}:
            yield f"the watchdog of {node.name} is {node.watchdog}"
        for resource, count in node.fail_counts.items():
            yield f"{resource} failed on {node.name} ({count})"


def _of_quorum(state: ClusterState) -> Iterator[str]:
    if not state.quorum.quorate:
        yield "no quorum"
    if state.quorum.device is False:
        yield "the quorum device gives no vote"
    if state.coordinator is None:
        yield "no coordinator is elected"
    if not state.fencing:
        yield "fencing is disabled"
    if state.maintenance:
        yield "the cluster is in maintenance"


def _of_devices(state: ClusterState, cluster: Cluster) -> Iterator[str]:
    for device in state.devices:
        if device.silent:
            yield f"the fencing device of {device.node} doesn't answer ('{device.resource}')"
            if state.node(device.node).unclean and not cluster.fencing.watchdog:
                yield (
                    f"nothing but that device fences {device.node}, so all wait: once you have made sure "
                    f"that it is off, 'stonith_admin --confirm {device.node}' on another node says so"
                )


def _of_instances(state: ClusterState) -> Iterator[str]:
    for instance in state.instances:
        promoted = [copy.node for copy in instance.copies if copy.role == "primary"]
        if len(promoted) != 1:
            yield (
                f"{instance.name} has {len(promoted) or 'no'} primaries"
                if promoted
                else f"{instance.name} has no primary"
            )
        for copy in instance.copies:
            reason = _of_copy(copy, instance)
            if reason:
                yield f"{instance.name} on {copy.node} {reason}"


def _of_copy(copy: Copy, instance: InstanceState) -> str:
    """Return the first reason that is true; most say that the rest can't be judged."""
    standby = copy.role == "standby"
    behind_a_primary = standby and instance.primary is not None
    reasons = (
        (copy.role == "stopped", "is stopped"),
        (copy.in_recovery is None, "does not answer"),
        (copy.role == "primary" and copy.in_recovery, "is called primary but is in recovery"),
        (standby and not copy.in_recovery, "is called standby but accepts writes"),
        (behind_a_primary and copy.state != "streaming", f"is {copy.state or 'not streaming'}"),
        (behind_a_primary and (copy.lag_bytes or 0) > CAUGHT_UP_BYTES, "is catching up"),
        # PAF scores the standbys when it monitors the primary: a loss before that would find nobody to promote.
        (behind_a_primary and (copy.score or 0) <= 0, "has no promotion score yet"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _of_vips(state: ClusterState, cluster: Cluster) -> Iterator[str]:
    for vip in state.vips:
        instance = state.instance(vip.instance)
        if len(vip.nodes) != 1:
            yield f"{vip.name} is on {len(vip.nodes)} nodes" if vip.nodes else f"{vip.name} is not started"
        elif vip.role == "primary" and instance.primary and vip.nodes[0] != instance.primary:
            yield f"{vip.name} is on {vip.nodes[0]}, the primary is on {instance.primary}"
        elif (
            vip.role == "standby"
            and vip.nodes[0] == instance.primary
            and _standby_is_free(state, cluster, vip.instance)
        ):
            yield f"{vip.name} is on the primary although a standby could hold it"


def _standby_is_free(state: ClusterState, cluster: Cluster, name: str) -> bool:
    """Whether a running standby holds none of the instance's standby addresses."""
    names = {vip.name for vip in cluster.instance(name).standby_vips}
    taken = {node for vip in state.vips if vip.name in names for node in vip.nodes}
    return any(copy.role == "standby" and copy.node not in taken for copy in state.instance(name).copies)
