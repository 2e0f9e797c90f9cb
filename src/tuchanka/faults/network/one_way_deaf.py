"""A node hears nobody, and is heard."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.network import block, inside_and_outside, one_way, reconnect
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Traffic


async def make_deaf(target: Target) -> float:
    """Let nothing come to the machines of the target."""
    inside, outside = inside_and_outside(target)
    return await block(target, "one-way-deaf", one_way(outside, inside))


FAULTS = (
    Fault(
        name="one-way-deaf",
        family="network",
        scope="node",
        needs=(Traffic.__name__,),
        does="loses everything that comes to a node; what it sends still arrives",
        expect="as a pulled cable: the node that hears nobody has no quorum, and resets itself",
        proves="that half a failure of the network is handled as a whole one",
        apply=make_deaf,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        returns=survives,
        gives_up="by vote",
        exempt=("daemons", "bystanders"),
    ),
)
