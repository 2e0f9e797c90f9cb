"""A site is cut off from everything else."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.network import block, both_ways, reconnect, site_and_outside
from tuchanka.faults.survival import survives_without_device
from tuchanka.providers.base import Traffic


async def isolate(target: Target) -> float:
    """Cut what stands in the site off from everything else and from the clients; within it all see each other."""
    inside, outside = site_and_outside(target)
    return await block(target, "isolate-site", both_ways(inside, outside))


FAULTS = (
    Fault(
        name="isolate-site",
        family="network",
        scope="site",
        needs=(Traffic.__name__,),
        does="cuts a site with its BMCs off from all others and the clients; within the site all see each other",
        expect="as the loss of a site: the cut-off nodes reset themselves, a standby of another site is promoted",
        proves="that a whole site may go on by itself without serving anybody, and that nothing promised is lost",
        apply=isolate,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        returns=survives_without_device,
        predicts="failover without device",
        gives_up="by vote",
    ),
)
