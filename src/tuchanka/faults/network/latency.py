"""What a node hears comes late."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.network import reconnect
from tuchanka.providers.base import Latency

DELAY_MS = 100


async def delay(target: Target) -> float:
    """Delay everything that the machines of the target hear."""
    return min([await target.lab.provider.network.delay(machine.name, DELAY_MS) for machine in target.machines])


FAULTS = (
    Fault(
        name="latency",
        family="network",
        scope="node",
        needs=(Latency.__name__,),
        does=f"delays everything that a node hears by {DELAY_MS} ms",
        expect="slower commits, and no failover",
        proves="that the timeouts leave room for a slow line",
        apply=delay,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        gives_up="by vote",
    ),
)
