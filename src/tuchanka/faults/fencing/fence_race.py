"""Two sides don't hear each other, and each can switch the other off."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.fits import fenced_by_bmcs, several_sites
from tuchanka.faults.network import block, reconnect
from tuchanka.faults.network.split_sites import between_nodes, one_side_serves
from tuchanka.providers.base import Traffic
from tuchanka.topology.types import Cluster


async def split_but_for_bmcs(target: Target) -> float:
    """Cut the nodes of different sites from each other; they see the BMCs of all."""
    return await block(target, "fence-race", tuple(cut for one in target.clusters for cut in between_nodes(one)))


def unfit(cluster: Cluster) -> str:
    """Return why no two sides of a cluster can race."""
    return fenced_by_bmcs(cluster) or several_sites(cluster)


FAULTS = (
    Fault(
        name="fence-race",
        family="fencing",
        scope="cluster",
        needs=(Traffic.__name__,),
        does="cuts the nodes of the sites from each other; all see the BMCs, the witness and the clients see all",
        expect="one side has the quorum, and switches the other's nodes off; it serves",
        proves="that of two sides which could shoot each other exactly one survives",
        apply=split_but_for_bmcs,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        returns=one_side_serves,
        unfit=unfit,
        gives_up="by vote",
        exempt=("daemons", "bystanders"),
    ),
)
