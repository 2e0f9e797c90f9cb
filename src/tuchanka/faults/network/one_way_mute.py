"""A node is heard by nobody, and hears."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.network import block, inside_and_outside, one_way, reconnect
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Traffic


async def make_mute(target: Target) -> float:
    """Let nothing come from the machines of the target."""
    inside, outside = inside_and_outside(target)
    return await block(target, "one-way-mute", one_way(inside, outside))


FAULTS = (
    Fault(
        name="one-way-mute",
        family="network",
        scope="node",
        needs=(Traffic.__name__,),
        does="loses everything that a node sends; it still hears the others",
        expect="as a pulled cable: the node that nobody answers has no quorum, and resets itself",
        proves="that half a failure of the network is handled as a whole one",
        apply=make_mute,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        returns=survives,
        gives_up="by vote",
        exempt=("daemons", "bystanders"),
    ),
)
