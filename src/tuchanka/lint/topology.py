"""What can be said against a topology that has a meaning. Pure; always in the same order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Literal

from tuchanka.findings import Finding
from tuchanka.stacks.pacemaker.timing.derive import derive
from tuchanka.stacks.pacemaker.timing.rules import rules
from tuchanka.topology.types import Cluster, Instance, Topology


@dataclass(frozen=True, slots=True)
class _Says:
    """A finding before it knows its file."""

    severity: Literal["error", "warning"]
    key: str
    what: str
    instead: str


def lint(topology: Topology) -> tuple[Finding, ...]:
    """Return every finding: the file's names and addresses first, then cluster by cluster, then the timing rules.

    An error means that the lab can't work, or can't survive a fault that it is there to survive; a warning is
    something the owner should know. Raises TopologyError for an unknown profile or override, like ``derive``.
    """
    return tuple(
        Finding(one.severity, topology.source, one.key, one.what, one.instead)
        for check in CHECKS
        for one in check(topology)
    )


def _addresses(topology: Topology) -> Iterator[tuple[str, str, IPv4Address]]:
    """Yield the key, the owner's name and the address of everything that has one."""
    yield "network.host", "the host's side of the network", topology.network.host
    if topology.witness:
        yield "witness.address", topology.witness.name, topology.witness.address
    for cluster in topology.clusters:
        for node in cluster.nodes:
            yield f"clusters.{cluster.name}.nodes.{node.name}.address", node.name, node.address
        for instance in cluster.instances:
            key = _key(cluster, instance)
            yield f"{key}.primary_vip.address", instance.primary_vip.name, instance.primary_vip.address
            for index, vip in enumerate(instance.standby_vips):
                yield f"{key}.standby_vips[{index}].address", vip.name, vip.address


def _host_names(topology: Topology) -> Iterator[tuple[str, str]]:
    """Yield the key and the name of every machine and VIP: they share /etc/hosts."""
    if topology.witness:
        yield "witness.name", topology.witness.name
    for cluster in topology.clusters:
        for node in cluster.nodes:
            yield f"clusters.{cluster.name}.nodes.{node.name}", node.name
        for instance in cluster.instances:
            key = _key(cluster, instance)
            yield f"{key}.primary_vip.name", instance.primary_vip.name
            for index, vip in enumerate(instance.standby_vips):
                yield f"{key}.standby_vips[{index}].name", vip.name


def _target_names(topology: Topology) -> Iterator[tuple[str, str]]:
    """Yield the key and the name of every site, machine and cluster: the command line takes one for another."""
    for site in topology.sites:
        yield f"sites.{site.name}", site.name
    if topology.witness:
        yield "witness.name", topology.witness.name
    for cluster in topology.clusters:
        yield f"clusters.{cluster.name}", cluster.name
        for node in cluster.nodes:
            yield f"clusters.{cluster.name}.nodes.{node.name}", node.name


def _instance_names(topology: Topology) -> Iterator[tuple[str, str]]:
    for cluster in topology.clusters:
        for instance in cluster.instances:
            yield _key(cluster, instance), instance.name


def names_are_unique(topology: Topology) -> Iterator[_Says]:
    """No two machines, VIPs, instances or command-line targets have one name, over all clusters."""
    said: set[tuple[str, str]] = set()
    for names in (_host_names, _target_names, _instance_names):
        first: dict[str, str] = {}
        for key, name in names(topology):
            if name in first and (key, first[name]) not in said:
                said.add((key, first[name]))
                yield _Says("error", key, f"the name {name} is already taken by {first[name]}", "write another name")
            first.setdefault(name, key)


def addresses_are_unique(topology: Topology) -> Iterator[_Says]:
    """No two machines, VIPs or the host have one address, over all clusters."""
    first: dict[IPv4Address, str] = {}
    for key, _name, address in _addresses(topology):
        if address in first:
            yield _Says("error", key, f"{address} is already the address of {first[address]}", _free(topology))
        first.setdefault(address, key)


def addresses_are_inside(topology: Topology) -> Iterator[_Says]:
    """Every address is one of the network's hosts: otherwise no node could hold it."""
    subnet = topology.network.subnet
    for key, name, address in _addresses(topology):
        if address not in subnet:
            what = f"{address} of {name} is outside the network {subnet}, so no machine could hold it"
            yield _Says("error", key, what, _free(topology))
        elif address == subnet.network_address:
            yield _Says("error", key, f"{address} is the address of the network itself", _free(topology))
        elif address == subnet.broadcast_address:
            yield _Says("error", key, f"{address} is the broadcast address", _free(topology))


def _free(topology: Topology) -> str:
    taken = {address for _key, _name, address in _addresses(topology)}
    free = next((one for one in topology.network.subnet.hosts() if one not in taken), None)
    return f"write a free one of {topology.network.subnet}, like {free}" if free else "write a bigger network.subnet"


def clusters_keep_quorum(topology: Topology) -> Iterator[_Says]:
    """Votes: an even cluster has a quorum device, the device exists, and no site holds the majority alone."""
    for cluster in topology.clusters:
        key = f"clusters.{cluster.name}.witness"
        count = len(cluster.nodes)
        if cluster.witness and topology.witness is None:
            yield _Says("error", key, "asks for a quorum device, but there is no [witness]", "add [witness]")
        if not cluster.witness and count % 2 == 0:
            what = f"{count} nodes without a quorum device: half of them is no quorum, so both halves stop"
            yield _Says("error", key, what, "write witness = true, or add a node in another site")
        if cluster.witness and count % 2:
            what = f"{count} nodes and a quorum device have an even number of votes"
            yield _Says("warning", key, what, "write witness = false, or add a node")
        if cluster.witness or count % 2:
            yield from _sites_of(topology, cluster)
    yield from _witness_site(topology)


def _sites_of(topology: Topology, cluster: Cluster) -> Iterator[_Says]:
    at = [node.site for node in cluster.nodes]
    if cluster.witness and topology.witness:
        at.append(topology.witness.site)
    fatal = [site for site in sorted({node.site for node in cluster.nodes}) if at.count(site) * 2 >= len(at)]
    if fatal:
        what = f"the loss of site {' or '.join(fatal)} takes at least half of {len(at)} votes, and with it the quorum"
        instead = "spread the nodes and the witness over more sites"
        yield _Says("warning", f"clusters.{cluster.name}.nodes", what, instead)


def _witness_site(topology: Topology) -> Iterator[_Says]:
    if topology.witness is None:
        return
    users = [cluster for cluster in topology.clusters if cluster.witness]
    if not users:
        yield _Says(
            "warning", "witness", "no cluster uses it", "write witness = true in a cluster, or remove [witness]"
        )
    at = topology.witness.site
    beside = [cluster.name for cluster in users if any(node.site == at for node in cluster.nodes)]
    if beside:
        what = f"{at} has nodes of {', '.join(beside)} too: the loss of that site takes both their votes"
        yield _Says("warning", "witness.site", what, "write a site of its own")


def instances_have_room(topology: Topology) -> Iterator[_Says]:
    """Ports don't collide on a node, and every VIP has a node that could hold it."""
    for cluster in topology.clusters:
        for index, instance in enumerate(cluster.instances):
            key = _key(cluster, instance)
            for other in cluster.instances[:index]:
                shared = [node for node in instance.nodes if node in other.nodes]
                if shared and other.port == instance.port:
                    what = f"port {instance.port} is already taken by {other.name} on {', '.join(shared)}"
                    used = {one.port for one in cluster.instances}
                    free = next(port for port in range(5432, 65536) if port not in used)
                    yield _Says("error", f"{key}.port", what, f"write another port, like {free}")
            standbys = max(len(instance.nodes) - 1, 0)
            if not instance.nodes:
                what = "no node could hold it: the instance has none"
                yield _Says("error", f"{key}.primary_vip", what, "add nodes to the instance")
            elif not standbys:
                what = "the instance has one node only, so its loss is an outage that lasts until it is repaired"
                yield _Says("warning", f"{key}.nodes", what, "add a second node in another site")
            if len(instance.standby_vips) > standbys:
                spare = instance.standby_vips[standbys]
                what = f"{spare.name} has no standby that could hold it: {_many(standbys, 'standby')} in all"
                instead = "remove the VIP, or add a node to the instance"
                yield _Says("error", f"{key}.standby_vips[{standbys}]", what, instead)


def replication_is_chosen(topology: Topology) -> Iterator[_Says]:
    """Asynchronous: what can be lost. Synchronous: the faults after which commits would wait for ever."""
    for cluster in topology.clusters:
        for instance in cluster.instances:
            if len(instance.nodes) < 2:
                continue
            if instance.synchronous is None:
                what = (
                    f"replication between its {len(instance.nodes)} nodes is asynchronous: commits that the primary "
                    "acknowledged but had not yet streamed at the moment of a fault are lost"
                )
                instead = "accept that, or add [….synchronous] and enough nodes that it doesn't block commits"
                yield _Says("warning", _key(cluster, instance), what, instead.replace("…", _key(cluster, instance)))
            else:
                yield from _synchronous(cluster, instance)


def failback_is_safe(topology: Topology) -> Iterator[_Says]:
    """A move that nobody asked for is an outage that somebody should know of, and needs a second node."""
    for cluster in topology.clusters:
        for instance in cluster.instances:
            if instance.failback != "automatic" or len(instance.nodes) < 2:
                continue
            if instance.synchronous is None:
                what = (
                    f"moves back to {instance.home} by itself although replication is asynchronous: a second outage "
                    "follows the first before anybody has looked at what was lost"
                )
                instead = 'write failback = "wait", or make it synchronous'
                yield _Says("warning", f"{_key(cluster, instance)}.failback", what, instead)


def _synchronous(cluster: Cluster, instance: Instance) -> Iterator[_Says]:
    asked = instance.synchronous
    assert asked is not None  # noqa: S101 - the caller looked
    key = f"{_key(cluster, instance)}.synchronous"
    standbys = len(instance.nodes) - 1
    sites = {node.name: node.site for node in cluster.nodes if node.name in instance.nodes}
    if asked.count > standbys:
        what = f"asks for {_many(asked.count, 'standby')}, but there can be {standbys} at most: every commit blocks"
        yield _Says("error", f"{key}.count", what, _fewer(standbys - 1))
    elif asked.count == standbys:
        # An error and no warning: after a failover the old primary is missing among the standbys, so the new one
        # couldn't commit either. Such a cluster doesn't survive any single fault.
        what = (
            f"asks for every standby ({standbys}): the loss of any one node, and so every failover, "
            "blocks commits until it is repaired"
        )
        yield _Says("error", f"{key}.count", what, _fewer(standbys - 1))
    else:
        at = list(sites.values())
        # So many stay after the loss of the site; one of them is the primary.
        blocking = [site for site in sorted(set(at)) if 0 < len(at) - at.count(site) <= asked.count]
        if blocking:
            what = (
                f"after the loss of site {' or '.join(blocking)} too few nodes are left for "
                f"{_many(asked.count, 'standby')}: commits block"
            )
            instead = "write less, or add a node" if asked.count > 1 else "add a node in another site"
            yield _Says("warning", f"{key}.count", what, instead)
    if asked.other_site_first and len(set(sites.values())) < 2:
        what = "all nodes of the instance are in one site"
        yield _Says("warning", f"{key}.other_site_first", what, "write false, or add a node in another site")
    if asked.other_site_first and asked.method == "ANY":
        what = "ANY doesn't heed the order of the list"
        yield _Says("warning", f"{key}.other_site_first", what, 'write method = "FIRST", or other_site_first = false')


def _fewer(most: int) -> str:
    if most < 1:
        return "add a node, or remove the table (asynchronous replication)"
    return f"write at most {most}, or add a node"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def timing_rules_hold(topology: Topology) -> Iterator[_Says]:
    """Every rule of ``stacks.pacemaker.timing.rules`` holds for the profile with its overrides."""
    for rule in rules(derive(topology)):
        if not rule.holds:
            what = f'the rule "{rule.name}" doesn\'t hold: {rule.text} ({rule.source})'
            yield _Says("error", f"timing.{rule.key}", what, rule.instead)


def _key(cluster: Cluster, instance: Instance) -> str:
    return f"clusters.{cluster.name}.instances.{instance.name}"


CHECKS: tuple[Callable[[Topology], Iterator[_Says]], ...] = (
    names_are_unique,
    addresses_are_unique,
    addresses_are_inside,
    clusters_keep_quorum,
    instances_have_room,
    replication_is_chosen,
    failback_is_safe,
    timing_rules_hold,
)
