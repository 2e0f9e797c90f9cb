"""Whether a cluster can serve without some of its nodes: votes, and commits that wait for a standby. Pure."""

from collections.abc import Collection

from tuchanka.faults.fault import Target
from tuchanka.topology.types import Cluster, Instance


def quorate(cluster: Cluster, left: Collection[str], *, witness: bool = True) -> bool:
    """Say whether these nodes, which see each other, have the quorum.

    The witness has one vote, and gives it to one group of nodes. Of two nodes without a witness each is enough
    (corosync's ``two_node``).
    """
    if not cluster.witness and len(cluster.nodes) == 2:
        return len(left) > 0
    votes = len(cluster.nodes) + cluster.witness
    return len(left) + (cluster.witness and witness) > votes // 2


def serves(cluster: Cluster, instance: Instance, left: Collection[str], *, witness: bool = True) -> bool:
    """Say whether these nodes alone can go on: with quorum, a copy, and the standbys that commits wait for."""
    copies = [node for node in instance.nodes if node in left]
    needed = 1 + (instance.synchronous.count if instance.synchronous else 0)
    return quorate(cluster, left, witness=witness) and len(copies) >= needed


def survives(target: Target) -> bool:
    """Say whether the instance comes back while every machine of the target is lost."""
    if target.cluster is None or target.instance is None:
        return True
    gone = {machine.name for machine in target.machines}
    left = [node.name for node in target.cluster.nodes if node.name not in gone]
    witness = target.lab.topology.witness
    return serves(target.cluster, target.instance, left, witness=witness is not None and witness.name not in gone)


def survives_without_device(target: Target) -> bool:
    """Say the same where no fencing device answers: without a watchdog behind it the others wait for a person."""
    return survives(target) and (target.cluster is None or target.cluster.fencing.watchdog)
