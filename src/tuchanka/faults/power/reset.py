"""A machine loses its power, and boots at once."""

import time

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.power import power_on
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Machine, Power
from tuchanka.waiting import together


async def reset(target: Target) -> float:
    """Press the reset button of every machine of the target; one that is off is switched on."""
    went: list[float] = []

    async def press(machine: Machine) -> None:
        if await machine.power_state() == "on":
            went.append(await machine.reset())
        else:
            await machine.power_on()

    await together(*(press(machine) for machine in target.machines))
    return min(went, default=time.monotonic())


FAULTS = (
    Fault(
        name="reset",
        family="power",
        scope="node",
        needs=(Power.__name__,),
        does="cuts the power and switches the machine on again at once",
        expect="as a power loss; the machine is back sooner than it is missed, and waits for a person",
        proves="that a node which comes back during the failover disturbs nobody",
        apply=reset,
        heal=power_on,
        heal_rank=HealRank.POWER,
        returns=survives,
        predicts="failover",
    ),
)
