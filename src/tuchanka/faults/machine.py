"""Faults of a whole machine that stands still, and goes on as if nothing had been."""

from tuchanka.faults.fault import Fault, Scene
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Pause, Stall
from tuchanka.waiting import together


async def pause(scene: Scene) -> float:
    """Pause the machines with their watchdogs, as a hypervisor does."""
    return min([await machine.pause() for machine in scene.machines])


async def resume(scene: Scene) -> None:
    """Let the machines go on."""
    await together(*(machine.resume() for machine in scene.machines))


async def stall(scene: Scene) -> float:
    """Stall the machines; the watchdogs go on counting."""
    return min([await machine.stall() for machine in scene.machines])


async def end_stall(scene: Scene) -> None:
    """Let the machines go on that their watchdogs haven't reset."""
    await together(*(machine.end_stall() for machine in scene.machines))


FREEZE_MACHINE = Fault(
    name="freeze-machine",
    family="machine",
    scope="node",
    needs=(Pause.__name__,),
    does="freezes a machine together with its watchdog, as a hypervisor pauses it; healing lets it go on",
    expect="the others count it as fenced and promote a standby; the old primary ends itself when it goes on",
    proves="what a primary does that wakes up after it was replaced: how long it could still have taken writes",
    apply=pause,
    heal=resume,
    returns=survives,
)
STALL_MACHINE = Fault(
    name="stall-machine",
    family="machine",
    scope="node",
    needs=(Stall.__name__,),
    does="freezes a machine while its watchdog goes on counting, as a stalled system under a hardware watchdog",
    expect="the watchdog resets it before the others count it as fenced; a standby is promoted",
    proves="that the watchdog bites where nothing in the machine can run any more",
    apply=stall,
    heal=end_stall,
    returns=survives,
)
FAULTS = (FREEZE_MACHINE, STALL_MACHINE)
