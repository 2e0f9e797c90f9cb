"""A site loses its power."""

from tuchanka.faults.fault import Fault, Target
from tuchanka.faults.fencing import restore_bmcs
from tuchanka.faults.power import lose_bmcs, power_on
from tuchanka.faults.power.power_off import power_off
from tuchanka.faults.survival import survives_without_device
from tuchanka.providers.base import Power


async def lose_site(target: Target) -> float:
    """Cut the power of the machines and of their BMCs, of these first: none answers for a machine that is off."""
    await lose_bmcs(target)
    return await power_off(target)


async def restore_site(target: Target) -> None:
    """Give the power back, to the BMCs first."""
    await restore_bmcs(target)
    await power_on(target)


FAULTS = (
    Fault(
        name="site-power-off",
        family="power",
        scope="site",
        needs=(Power.__name__,),
        does="cuts the power of a site: of its machines and of their BMCs",
        expect="as a power loss without a device: the others wait until the watchdogs must have fired, then promote",
        proves="that devices which die with their nodes cost no more than to have none",
        apply=lose_site,
        heal=restore_site,
        heal_rank=None,
        returns=survives_without_device,
        predicts="failover without device",
    ),
)
