"""A machine is paused, and its watchdog with it."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Pause
from tuchanka.waiting import together


async def pause(target: Target) -> float:
    """Pause the machines with their watchdogs, as a hypervisor does."""
    return min([await machine.pause() for machine in target.machines])


async def resume(target: Target) -> None:
    """Let the machines go on."""
    await together(*(machine.resume() for machine in target.machines))


FAULTS = (
    Fault(
        name="freeze-machine",
        family="machine",
        scope="node",
        needs=(Pause.__name__,),
        does="freezes a machine together with its watchdog, as a hypervisor pauses it; healing lets it go on",
        expect="the others count it as fenced and promote a standby; the old primary ends itself when it goes on",
        proves="what a primary does that wakes up after it was replaced: how long it could still have taken writes",
        apply=pause,
        heal=resume,
        heal_rank=HealRank.RUNNING,
        returns=survives,
        predicts="failover",
        exempt=("margin",),
    ),
)
