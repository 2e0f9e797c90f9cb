"""A machine stops, and its watchdog goes on counting."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Stall
from tuchanka.waiting import together


async def stall(target: Target) -> float:
    """Stall the machines; the watchdogs go on counting."""
    return min([await machine.stall() for machine in target.machines])


async def end_stall(target: Target) -> None:
    """Let the machines go on that their watchdogs haven't reset."""
    await together(*(machine.end_stall() for machine in target.machines))


FAULTS = (
    Fault(
        name="stall-machine",
        family="machine",
        scope="node",
        needs=(Stall.__name__,),
        does="freezes a machine while its watchdog goes on counting, as a stalled system under a hardware watchdog",
        expect="the watchdog resets it before the others count it as fenced; a standby is promoted",
        proves="that the watchdog bites where nothing in the machine can run any more",
        apply=stall,
        heal=end_stall,
        heal_rank=HealRank.RUNNING,
        returns=survives,
    ),
)
