"""A machine loses its power."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.power import power_on
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Power
from tuchanka.waiting import together


async def power_off(target: Target) -> float:
    """Cut the power of every machine of the target; returns when the first one's went."""
    return min(await together(*(machine.power_off() for machine in target.machines)))


FAULTS = (
    Fault(
        name="power-off",
        family="power",
        scope="node",
        needs=(Power.__name__,),
        does="takes the link down, then kills the machine's first process, so that no socket is closed in good order",
        expect="the cluster notices the silence, waits until the watchdog must have fired, and promotes a standby",
        proves="what a power loss costs: the time until a standby serves, and the commits it never received",
        apply=power_off,
        heal=power_on,
        heal_rank=HealRank.POWER,
        returns=survives,
        predicts="failover",
    ),
)
