"""Every address is one that a machine of the network can hold, and no two are the same. Pure."""

from collections.abc import Iterator
from ipaddress import IPv4Address

from tuchanka.lint.base import Said, instance_key
from tuchanka.topology.types import Topology


def _addresses(topology: Topology) -> Iterator[tuple[str, str, IPv4Address]]:
    """Yield the key, the owner's name and the address of everything that has one."""
    yield "network.host", "the host's side of the network", topology.network.host
    if topology.witness:
        yield "witness.address", topology.witness.name, topology.witness.address
    for machine in topology.services:
        yield f"services.{machine.name}.address", machine.name, machine.address
    for cluster in topology.clusters:
        for node in cluster.nodes:
            yield f"clusters.{cluster.name}.nodes.{node.name}.address", node.name, node.address
            if node.bmc:
                yield f"clusters.{cluster.name}.nodes.{node.name}.bmc", f"the BMC of {node.name}", node.bmc
        for instance in cluster.instances:
            key = instance_key(cluster, instance)
            yield f"{key}.primary_vip.address", instance.primary_vip.name, instance.primary_vip.address
            for index, vip in enumerate(instance.standby_vips):
                yield f"{key}.standby_vips[{index}].address", vip.name, vip.address


def addresses_are_unique(topology: Topology) -> Iterator[Said]:
    """No two machines, VIPs or the host have one address, over all clusters."""
    first: dict[IPv4Address, str] = {}
    for key, _name, address in _addresses(topology):
        if address in first:
            yield Said("error", key, f"{address} is already the address of {first[address]}", _free(topology))
        first.setdefault(address, key)


def addresses_are_inside(topology: Topology) -> Iterator[Said]:
    """Every address is one of the network's hosts: otherwise no node could hold it."""
    subnet = topology.network.subnet
    for key, name, address in _addresses(topology):
        if address not in subnet:
            what = f"{address} of {name} is outside the network {subnet}, so no machine could hold it"
            yield Said("error", key, what, _free(topology))
        elif address == subnet.network_address:
            yield Said("error", key, f"{address} is the address of the network itself", _free(topology))
        elif address == subnet.broadcast_address:
            yield Said("error", key, f"{address} is the broadcast address", _free(topology))


def _free(topology: Topology) -> str:
    taken = {address for _key, _name, address in _addresses(topology)}
    free = next((one for one in topology.network.subnet.hosts() if one not in taken), None)
    return f"write a free one of {topology.network.subnet}, like {free}" if free else "write a bigger network.subnet"
