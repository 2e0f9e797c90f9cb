"""A node loses some of its packets."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.network import block, both_ways, inside_and_outside, reconnect
from tuchanka.providers.base import Traffic

LOSS_PERCENT = 10


async def lose_packets(target: Target) -> float:
    """Lose a share of everything from and to the machines of the target."""
    inside, outside = inside_and_outside(target)
    return await block(target, "packet-loss", both_ways(inside, outside, loss_percent=LOSS_PERCENT))


FAULTS = (
    Fault(
        name="packet-loss",
        family="network",
        scope="node",
        needs=(Traffic.__name__,),
        does=f"loses {LOSS_PERCENT} % of the packets from and to a node, at random",
        expect="the node holds: slower writes, and no failover",
        proves="that the timeouts leave room for a bad line",
        apply=lose_packets,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        gives_up="by vote",
        exempt=("daemons", "bystanders"),
    ),
)
