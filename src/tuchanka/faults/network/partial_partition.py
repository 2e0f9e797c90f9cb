"""Two nodes don't hear each other, and all others hear both."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.fits import three_nodes
from tuchanka.faults.network import block, both_ways, reconnect
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Cut, Traffic
from tuchanka.topology.types import Cluster


def from_one_other(cluster: Cluster, name: str) -> tuple[Cut, ...]:
    """Return the cuts between a node and the one before it, of the first and the last.

    Corosync's token goes round in that order: only neighbours miss it. Others' messages are sent again by a third.
    """
    names = [node.name for node in cluster.nodes]
    return both_ways([name], [names[names.index(name) - 1]])


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
        does="cuts a node off from the one before it; the rest of the cluster, the witness and the clients hear both",
        expect="no membership lasts, until a watchdog resets one of the two; the other goes on with the rest",
        proves="that nodes which can't agree on who is there agree in the end, and that there is one primary",
        apply=part,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        returns=survives,
        unfit=three_nodes,
        gives_up="by vote",
        exempt=("daemons", "bystanders"),
    ),
)
