"""A machine's cable is pulled."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.network import reconnect, set_link
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Link


async def unlink(target: Target) -> float:
    """Pull the network cable of every machine of the target."""
    return await set_link(target, up=False)


FAULTS = (
    Fault(
        name="unlink",
        family="network",
        scope="node",
        needs=(Link.__name__,),
        does="pulls the network cable",
        expect="the side cut off loses its quorum and resets itself; the other waits for it, and promotes a standby",
        proves="that a primary which still runs is dead before the next one serves, and by which margin",
        apply=unlink,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        returns=survives,
        predicts="failover",
        gives_up="by vote",
    ),
)
