"""What a fault hits: from what was asked for (a role, a node, a site, a cluster) to machines. Pure."""

from collections.abc import Mapping
from random import Random
from typing import Literal

from tuchanka.errors import InputError, LabError, UnknownName
from tuchanka.faults.fault import Fault, Scope, Target
from tuchanka.lab.lab import Lab
from tuchanka.services import registry
from tuchanka.topology.types import Cluster, Instance, Topology

ROLES = ("primary", "standby", "random")
Kind = Literal["node", "site", "cluster", "witness", "service"]
# What may be named where a fault acts on a node, a site …: a site or a cluster is all its nodes.
TAKES: Mapping[Scope, tuple[Kind, ...]] = {
    "node": ("node", "witness", "service", "site", "cluster"),
    "site": ("site",),
    "cluster": ("cluster",),
    "witness": ("witness",),
    "service": ("service",),
}


def kind_of(topology: Topology, name: str) -> Kind:
    """Say what the name stands for in the topology.

    Raises:
        UnknownName: for nothing.
    """
    sites = [site.name for site in topology.sites]
    clusters = [cluster.name for cluster in topology.clusters]
    if topology.witness is not None and name == topology.witness.name:
        return "witness"
    if any(name == machine.name for machine in topology.services):
        return "service"
    if name in sites:
        return "site"
    if name in clusters:
        return "cluster"
    machines = [machine.name for machine in topology.machines]
    if name not in machines:
        raise UnknownName("machine, site or cluster", name, [*machines, *sites, *clusters])
    return "node"


def check_target(fault: Fault, topology: Topology, name: str) -> None:
    """Refuse a target of the wrong kind.

    Raises:
        InputError: the fault acts on something else.
        UnknownName: the topology has nothing of that name.
    """
    kind, takes = kind_of(topology, name), TAKES[fault.scope]
    if kind not in takes:
        fitting = {
            "node": [node.name for cluster in topology.clusters for node in cluster.nodes],
            "site": [site.name for site in topology.sites],
            "cluster": [cluster.name for cluster in topology.clusters],
            "witness": [topology.witness.name] if topology.witness else [],
            "service": list(registry.machines_for(fault.name, topology)),
        }[fault.scope]
        acts = {"witness": "the witness", "service": "a machine for services"}.get(fault.scope, f"a {fault.scope}")
        raise InputError(
            f"acts on {acts}, and {name} is a {kind}",
            where=fault.name,
            hint=f"choose from: {', '.join(fitting) or 'none'}",
        )


def unfit(fault: Fault, topology: Topology, cluster: Cluster) -> str:
    """Return why the fault can't be tried on the cluster, whatever its target; empty if it can."""
    if fault.scope == "witness" and not (cluster.witness and topology.witness):
        return f"{cluster.name} has no witness"
    if service := registry.needed_by(fault.name, topology):
        return f"the topology has no {service}"
    return fault.unfit(cluster)


def resolve(
    fault: Fault,
    topology: Topology,
    cluster: Cluster,
    instance_name: str,
    wanted: str,
    roles: Mapping[str, str],
    random: Random,
) -> str:
    """Return the name of what the fault is to hit: a node, a site, a cluster …, as its scope wants it.

    ``wanted`` is ``primary``, ``standby``, ``random`` (any node that keeps the instance), or a name: of a node, or of
    a site. What is smaller than the fault's scope stands for what it belongs to: a fault of sites that is to hit the
    primary hits the primary's site. ``roles`` maps a node to the role that was seen there (``primary``, ``standby``).

    Raises:
        UnknownName: there is nothing of that name in the cluster.
        LabError: no node has the role.
    """
    if fault.scope == "cluster":
        return cluster.name
    if fault.scope == "witness":
        if topology.witness is None or not cluster.witness:
            raise InputError("acts on the witness, and the cluster has none", where=f"{fault.name}, {cluster.name}")
        return topology.witness.name
    if fault.scope == "service":
        hosts = registry.machines_for(fault.name, topology)
        if not hosts:
            raise InputError("acts on a machine for services, and the topology has none", where=fault.name)
        return wanted if wanted in hosts else hosts[0]
    if wanted in {node.site for node in cluster.nodes}:
        return wanted
    if fault.role is not None and wanted in ROLES:
        wanted = fault.role
    node = cluster.node(_node(cluster, instance_name, wanted, roles, random))
    return node.site if fault.scope == "site" else node.name


def _node(cluster: Cluster, instance: str, wanted: str, roles: Mapping[str, str], random: Random) -> str:
    if wanted not in ROLES:
        return wanted
    kept = [name for name in cluster.instance(instance).nodes if wanted in {"random", roles.get(name)}]
    if not kept:
        raise LabError(f"{instance} has no {wanted}", where=cluster.name, hint="see 'tuchanka status'")
    return random.choice(kept)


def machines_of(topology: Topology, cluster: Cluster | None, scope: Scope, target: str) -> tuple[str, ...]:
    """Return the names of the machines that a target stands for, in the topology's order.

    A site stands for the cluster's nodes there; with no cluster for every machine there, the witness too.

    Raises:
        UnknownName: there is nothing of that name.
    """
    if scope == "witness" or (topology.witness is not None and target == topology.witness.name):
        return (topology.machine(target).name,)
    match kind_of(topology, target):
        case "site":
            among = topology.machines if cluster is None else cluster.nodes
            return tuple(machine.name for machine in among if machine.site == target)
        case "cluster":
            return tuple(node.name for node in topology.cluster(target).nodes)
        case _:
            return (topology.machine(target).name,)


def make_target(
    lab: Lab,
    cluster: Cluster | None,
    instance: Instance | None,
    fault: Fault | None,
    name: str,
    primary: str | None,
) -> Target:
    """Return the target of a fault (``None``: of any), whose name ``resolve`` or ``check_target`` let through.

    Without a cluster it is the one that the target belongs to; a site and what is no node belong to all of them.
    """
    if cluster is None:
        match kind_of(lab.topology, name):
            case "node":
                cluster = lab.topology.cluster_of(name)
            case "cluster":
                cluster = lab.topology.cluster(name)
            case _:
                pass
    names = machines_of(lab.topology, cluster, fault.scope if fault else "node", name)
    return Target(lab, name, tuple(lab.machine(one) for one in names), cluster, instance, primary)
