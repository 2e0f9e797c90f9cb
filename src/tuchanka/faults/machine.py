"""Faults of a whole machine that stands still, and goes on as if nothing had been."""

from tuchanka.faults.fault import Fault, Scene
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Freeze
from tuchanka.waiting import together


async def _freeze(scene: Scene, *, watchdog_runs: bool) -> float:
    return min([await machine.freeze(watchdog_runs=watchdog_runs) for machine in scene.machines])


async def freeze(scene: Scene) -> float:
    """Freeze the machines with their watchdogs, as a hypervisor pauses them."""
    return await _freeze(scene, watchdog_runs=False)


async def stall(scene: Scene) -> float:
    """Freeze the machines; the watchdogs go on counting."""
    return await _freeze(scene, watchdog_runs=True)


async def thaw(scene: Scene) -> None:
    """Let the machines and their disks go on."""
    await together(*(machine.thaw() for machine in scene.machines))


FREEZE_MACHINE = Fault(
    name="freeze-machine",
    family="machine",
    scope="node",
    needs=(Freeze.__name__,),
    does="freezes a machine together with its watchdog, as a hypervisor pauses it; healing lets it go on",
    expect="the others count it as fenced and promote a standby; the old primary ends itself when it goes on",
    proves="what a primary does that wakes up after it was replaced: how long it could still have taken writes",
    apply=freeze,
    heal=thaw,
    returns=survives,
)
STALL_MACHINE = Fault(
    name="stall-machine",
    family="machine",
    scope="node",
    needs=(Freeze.__name__,),
    does="freezes a machine while its watchdog goes on counting, as a stalled system under a hardware watchdog",
    expect="the watchdog resets it before the others count it as fenced; a standby is promoted",
    proves="that the watchdog bites where nothing in the machine can run any more",
    apply=stall,
    heal=thaw,
    returns=survives,
)
FAULTS = (FREEZE_MACHINE, STALL_MACHINE)
