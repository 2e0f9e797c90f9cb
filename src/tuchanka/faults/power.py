"""Faults of power."""

from tuchanka.faults.fault import Fault, Scene
from tuchanka.machines.protocols import Power
from tuchanka.waiting import together


async def power_off(scene: Scene) -> float:
    """Cut the power of every machine of the scene; returns when the first one's went."""
    went: list[float] = []

    async def cut(index: int) -> None:
        went.append(await scene.machines[index].power_off())

    await together(*(cut(index) for index in range(len(scene.machines))))
    return min(went)


async def power_on(scene: Scene) -> None:
    """Switch every machine of the scene on."""
    await together(*(machine.power_on() for machine in scene.machines))


POWER_OFF = Fault(
    name="power-off",
    family="power",
    scope="node",
    needs=(Power.__name__,),
    does="takes the link down, then kills the machine's first process, so that no dying socket says goodbye",
    expect="the cluster notices the silence, waits until the watchdog must have fired, and promotes a standby",
    proves="what a power loss costs: the time until a standby serves, and the commits it never received",
    apply=power_off,
    heal=power_on,
)
FAULTS = (POWER_OFF,)
