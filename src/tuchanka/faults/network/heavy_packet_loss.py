"""A node loses so many of its packets that half of all answers never come."""

from tuchanka.faults.fault import Fault, HealRank, Target, waits_for_healing
from tuchanka.faults.network import block, both_ways, inside_and_outside, reconnect
from tuchanka.providers.base import Traffic

HEAVY_LOSS_PERCENT = 30


async def lose_many_packets(target: Target) -> float:
    """Lose so much of everything from and to the machines of the target that half of all answers never come."""
    inside, outside = inside_and_outside(target)
    return await block(target, "heavy-packet-loss", both_ways(inside, outside, loss_percent=HEAVY_LOSS_PERCENT))


FAULTS = (
    Fault(
        name="heavy-packet-loss",
        family="network",
        scope="node",
        needs=(Traffic.__name__,),
        does=f"loses {HEAVY_LOSS_PERCENT} % of the packets from and to a node, at random: half of all answers",
        expect="slow writes, or none until it is healed: the cluster may fall apart and together",
        proves="that a line too bad to work with breaks no promise, and that the cluster is well again afterwards",
        apply=lose_many_packets,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        returns=waits_for_healing,
        gives_up="by vote",
        exempt=("daemons", "bystanders"),
    ),
)
