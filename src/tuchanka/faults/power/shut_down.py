"""A machine is stopped in good order."""

import time

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.power import power_on
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Power
from tuchanka.waiting import together


async def shut_down(target: Target) -> float:
    """Have every machine of the target stop in good order; returns when they were asked, after they are off."""
    asked = time.monotonic()
    await together(*(machine.shut_down() for machine in target.machines))
    return asked


FAULTS = (
    Fault(
        name="shut-down",
        family="power",
        scope="node",
        needs=(Power.__name__,),
        does="asks the system to stop, as an administrator does, and waits until the machine is off",
        expect="the node hands over in good order before it leaves: no fencing, and nothing to wait for",
        proves="that an orderly stop costs a moment and no commit",
        apply=shut_down,
        heal=power_on,
        heal_rank=HealRank.POWER,
        returns=survives,
        gives_up="in order",
    ),
)
