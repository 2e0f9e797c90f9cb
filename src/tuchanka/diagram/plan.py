"""The picture of a cluster as planned: every primary at home, every VIP where it prefers to be. Pure."""

from tuchanka.diagram.model import CopyBox, DeviceTag, Kind, MachineBox, Picture, ReplicationLink, SiteBox, VipTag
from tuchanka.topology.types import Cluster, Instance, Node, Topology

CAPTION = "as planned"
# What fence agents call the address of their device, today and formerly (fence-agents, fencing.py).
ADDRESSES = ("ip", "ipaddr")


def planned(topology: Topology, cluster: Cluster) -> Picture:
    """Return the picture of a healthy cluster, before anything has ever happened to it."""
    machines = {node.name: _machine(cluster, node) for node in cluster.nodes}
    return Picture(
        title=cluster.name,
        caption=CAPTION + fenced_by(cluster),
        verdict="",
        tone="plain",
        problems=(),
        instances=tuple(instance.name for instance in cluster.instances),
        sites=sites(topology, cluster, machines),
        links=tuple(
            ReplicationLink(instance.name, instance.home, name, kind, kind)
            for instance in cluster.instances
            for name, kind in kinds(cluster, instance).items()
        ),
        votes=True if cluster.witness else None,
        levels=cluster.fencing.levels,
    )


def fenced_by(cluster: Cluster) -> str:
    """Return how nodes are fenced, to go on with a caption; nothing where it is by their watchdogs, as by default."""
    return f"; fenced by {', then by '.join(cluster.fencing.levels)}" if cluster.fencing.device else ""


def device(cluster: Cluster, node: Node) -> DeviceTag | None:
    """Return what switches a node off: its BMC, or an agent and its address, where the parameters have one."""
    its = cluster.fencing.device_of(node.name)
    if its is None:
        return None
    if its.bmc:
        return DeviceTag(f"BMC {node.bmc}")
    address = next((its.parameters[key] for key in ADDRESSES if key in its.parameters), "")
    return DeviceTag(f"{its.agent} {address}".rstrip())


def sites(
    topology: Topology, cluster: Cluster, machines: dict[str, MachineBox], witness_note: str = ""
) -> tuple[SiteBox, ...]:
    """Return the sites that have machines of the cluster, its witness or services, in the order of the topology."""
    witness = topology.witness if cluster.witness else None
    found = []
    for site in topology.sites:
        inside = tuple(machines[node.name] for node in cluster.nodes if node.site == site.name)
        voter = None
        if witness is not None and witness.site == site.name:
            voter = MachineBox(witness.name, str(witness.address), note=witness_note or "gives the deciding vote")
        services = tuple(
            MachineBox(one.name, str(one.address), note=f"runs {', '.join(one.runs) or 'nothing'}")
            for one in topology.services
            if one.site == site.name
        )
        if inside or voter or services:
            found.append(SiteBox(site.name, site.description, inside, voter, services))
    return tuple(found)


def kinds(cluster: Cluster, instance: Instance) -> dict[str, Kind]:
    """Return standby → the sync_state it has while all of them stream and the primary is at home.

    Source: PostgreSQL, pg_stat_replication: with FIRST the first ``count`` of the list are ``sync`` and the rest
    ``potential``; with ANY all are ``quorum``.
    """
    here = cluster.node(instance.home).site
    names = [name for name in instance.nodes if name != instance.home]
    asked = instance.synchronous
    if asked is None:
        return dict.fromkeys(names, "async")
    if asked.method == "ANY":
        return dict.fromkeys(names, "quorum")
    first = sorted(names, key=lambda name: cluster.node(name).site == here) if asked.other_site_first else names
    waited_for = first[: asked.count]
    return {name: "sync" if name in waited_for else "potential" for name in names}


def _machine(cluster: Cluster, node: Node) -> MachineBox:
    copies = tuple(
        CopyBox(
            instance.name,
            instance.port,
            "primary" if node.name == instance.home else "standby",
            vips=_vips(instance, node.name),
        )
        if node.name in instance.nodes
        else None
        for instance in cluster.instances
    )
    return MachineBox(node.name, str(node.address), copies, device=device(cluster, node))


def _vips(instance: Instance, node: str) -> tuple[VipTag, ...]:
    """Return the addresses on a node: the primary's at home, the others one for each standby before any has two."""
    at_home = (VipTag(instance.primary_vip.name, str(instance.primary_vip.address), "primary"),)
    holders = [name for name in instance.nodes if name != instance.home] or [instance.home]
    return (at_home if node == instance.home else ()) + tuple(
        VipTag(vip.name, str(vip.address), "standby")
        for number, vip in enumerate(instance.standby_vips)
        if holders[number % len(holders)] == node
    )
