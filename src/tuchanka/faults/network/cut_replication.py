"""PostgreSQL on a node is cut off from PostgreSQL on the others."""

from collections.abc import Sequence

from tuchanka.faults.fault import Fault, HealRank, Target, waits_for_healing
from tuchanka.faults.fits import replicated
from tuchanka.faults.network import block, both_ways, reconnect
from tuchanka.providers.base import Cut, Traffic
from tuchanka.topology.types import Cluster


def replication(cluster: Cluster, nodes: Sequence[str]) -> tuple[Cut, ...]:
    """Return the cuts between these nodes and the cluster's others for the ports of the instances."""
    return tuple(
        Cut(cut.source, cut.destination, tcp_port=instance.port)
        for instance in cluster.instances
        for cut in both_ways(
            [node for node in instance.nodes if node in nodes], [node for node in instance.nodes if node not in nodes]
        )
    )


async def cut_replication(target: Target) -> float:
    """Cut what PostgreSQL on the machines of the target says to the other nodes, and they to it."""
    return await block(
        target,
        "cut-replication",
        tuple(cut for one in target.clusters for cut in replication(one, target.machine_names)),
    )


FAULTS = (
    Fault(
        name="cut-replication",
        family="network",
        scope="node",
        needs=(Traffic.__name__,),
        does="cuts PostgreSQL on a node off from PostgreSQL on the others; the cluster and the clients see all",
        expect="the service stays where it is; commits that wait for a standby that is cut off wait, or take another",
        proves="that replication alone brings no failover, that standbys catch up, and what reads see meanwhile",
        apply=cut_replication,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        returns=waits_for_healing,
        unfit=replicated,
        gives_up="by vote",
    ),
)
