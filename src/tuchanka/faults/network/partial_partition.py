"""Two nodes don't hear each other, and all others hear both."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.fits import three_nodes
from tuchanka.faults.network import block, both_ways, reconnect
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Cut, Traffic
from tuchanka.topology.types import Cluster


def from_one_other(cluster: Cluster, name: str) -> tuple[Cut, ...]:
    """Return the cuts between a node and one other: the first of another site, where there is one."""
    node = cluster.node(name)
    others = [other for other in cluster.nodes if other.name != name]
    return both_ways([name], [min(others, key=lambda other: other.site == node.site).name])


async def part(target: Target) -> float:
    """Cut each node of the target off from one other."""
    nodes = [(one, node.name) for one in target.clusters for node in one.nodes if node.name in target.machine_names]
    return await block(target, "partial-partition", tuple(cut for pair in nodes for cut in from_one_other(*pair)))


FAULTS = (
    Fault(
        name="partial-partition",
        family="network",
        scope="node",
        needs=(Traffic.__name__,),
        does="cuts a node off from one other node; the rest of the cluster, the witness and the clients hear both",
        expect="one of the two loses its place in the cluster and resets itself; the other goes on with the rest",
        proves="that nodes which can't agree on who is there agree in the end, and that there is one primary",
        apply=part,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        returns=survives,
        unfit=three_nodes,
        gives_up="by vote",
        exempt=("daemons",),
    ),
)
