"""No name has two meanings. Pure."""

from collections.abc import Iterator

from tuchanka.lint.base import Said, instance_key
from tuchanka.topology.types import Topology


def _host_names(topology: Topology) -> Iterator[tuple[str, str]]:
    """Yield the key and the name of every machine and VIP: they share /etc/hosts."""
    if topology.witness:
        yield "witness.name", topology.witness.name
    yield from ((f"services.{machine.name}", machine.name) for machine in topology.services)
    for cluster in topology.clusters:
        for node in cluster.nodes:
            yield f"clusters.{cluster.name}.nodes.{node.name}", node.name
        for instance in cluster.instances:
            key = instance_key(cluster, instance)
            yield f"{key}.primary_vip.name", instance.primary_vip.name
            for index, vip in enumerate(instance.standby_vips):
                yield f"{key}.standby_vips[{index}].name", vip.name


def _target_names(topology: Topology) -> Iterator[tuple[str, str]]:
    """Yield the key and the name of every site, machine and cluster: the command line takes one for another."""
    for site in topology.sites:
        yield f"sites.{site.name}", site.name
    if topology.witness:
        yield "witness.name", topology.witness.name
    yield from ((f"services.{machine.name}", machine.name) for machine in topology.services)
    for cluster in topology.clusters:
        yield f"clusters.{cluster.name}", cluster.name
        for node in cluster.nodes:
            yield f"clusters.{cluster.name}.nodes.{node.name}", node.name


def _instance_names(topology: Topology) -> Iterator[tuple[str, str]]:
    for cluster in topology.clusters:
        for instance in cluster.instances:
            yield instance_key(cluster, instance), instance.name


def names_are_unique(topology: Topology) -> Iterator[Said]:
    """No two machines, VIPs, instances or command-line targets have one name, over all clusters."""
    said: set[tuple[str, str]] = set()
    for names in (_host_names, _target_names, _instance_names):
        first: dict[str, str] = {}
        for key, name in names(topology):
            if name in first and (key, first[name]) not in said:
                said.add((key, first[name]))
                yield Said("error", key, f"the name {name} is already taken by {first[name]}", "write another name")
            first.setdefault(name, key)
