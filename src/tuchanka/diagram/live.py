"""The picture of a cluster as it was seen. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from tuchanka.diagram.model import CopyBox, DeviceTag, Kind, MachineBox, Picture, ReplicationLink, Role, Tone, VipTag
from tuchanka.diagram.plan import device, fenced_by, sites
from tuchanka.stacks.pacemaker.state import ClusterState, Copy, InstanceState, NodeState
from tuchanka.topology.types import Cluster, Node, Topology

ROLES: dict[str, Role] = {"primary": "primary", "standby": "standby"}


def seen(
    topology: Topology, cluster: Cluster, state: ClusterState, problems: tuple[str, ...], *, when: str
) -> Picture:
    """Return the picture of a state; ``problems`` are those of ``health.problems``, ``when`` is for the caption."""
    quorum = state.quorum
    machines = {node.name: _machine(cluster, node, state) for node in cluster.nodes}
    voter = {True: "gives the deciding vote", False: "gives no vote", None: ""}[quorum.device]
    votes = f"{quorum.votes} of {quorum.expected} votes, {'' if quorum.quorate else 'no '}quorum"
    return Picture(
        title=cluster.name,
        caption=f"as seen {when}; {votes}{fenced_by(cluster)}",
        verdict="not healthy" if problems else "healthy",
        tone="bad" if problems else "good",
        problems=problems,
        instances=tuple(instance.name for instance in cluster.instances),
        sites=sites(topology, cluster, machines, voter),
        links=tuple(link for instance in state.instances for link in _links(instance)),
        votes=quorum.device,
        levels=cluster.fencing.levels,
    )


def amount(size: int) -> str:
    """Return a number of bytes as people say it."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def _machine(cluster: Cluster, node: Node, state: ClusterState) -> MachineBox:
    seen_node = state.node(node.name)
    note, tone = _condition(seen_node, watchdog=cluster.fencing.watchdog)
    if not note and state.coordinator == node.name:
        note = "coordinator"
    copies = []
    for instance in cluster.instances:
        copy = state.instance(instance.name).copy(node.name)
        vips = tuple(
            VipTag(vip.name, vip.address, "primary" if vip.role == "primary" else "standby")
            for vip in state.vips
            if vip.instance == instance.name and node.name in vip.nodes
        )
        copies.append(
            CopyBox(instance.name, instance.port, ROLES.get(copy.role, "stopped"), _detail(copy), vips)
            if copy is not None
            else None
        )
    return MachineBox(node.name, str(node.address), tuple(copies), note, tone, _device(cluster, node, state))


def _device(cluster: Cluster, node: Node, state: ClusterState) -> DeviceTag | None:
    """Return the node's device with who asks it."""
    tag = device(cluster, node)
    its = next((one for one in state.devices if one.node == node.name), None)
    if tag is None or its is None:
        return tag
    if its.nodes:
        return replace(tag, note=f"asked by {', '.join(its.nodes)}")
    return replace(tag, note="does not answer", tone="bad") if its.silent else replace(tag, note="asked by nobody")


def _condition(node: NodeState, *, watchdog: bool) -> tuple[str, Tone]:
    """Return what is unusual about a node, the worst first; ``watchdog``: whether its watchdog is to fence it."""
    conditions: tuple[tuple[bool, str], ...] = (
        (node.power == "off", "is off"),
        (node.unclean, "waits to be fenced"),
        (not node.stack_running, "does not run the cluster"),
        (not node.online, "is not online"),
        (node.standby, "in standby"),
        (node.maintenance, "in maintenance"),
        (watchdog and node.watchdog != "armed", f"watchdog {node.watchdog}"),
    )
    note = next((words for holds, words in conditions if holds), "")
    return note, "bad" if note else "plain"


def _detail(copy: Copy) -> str:
    parts = (
        f"timeline {copy.timeline}" if copy.timeline is not None else "",
        copy.lsn or "",
        f"score {copy.score}" if copy.score is not None else "",
    )
    return " · ".join(part for part in parts if part)


def _links(instance: InstanceState) -> Iterator[ReplicationLink]:
    if instance.primary is None:
        return
    for copy in instance.copies:
        if copy.role == "standby" or copy.state == "streaming":
            kind: Kind = "broken"
            label = copy.state or "not streaming"
            if copy.state == "streaming":
                kind = next((one for one in get_args(Kind) if one == copy.sync_state), "async")
                label = kind + (f", {amount(copy.lag_bytes)} behind" if copy.lag_bytes else "")
            if copy.node != instance.primary:
                yield ReplicationLink(instance.name, instance.primary, copy.node, kind, label)
