"""Faults of power."""

import asyncio
import time

from tuchanka.faults.fault import Fault, Scene, waits_for_healing
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Machine, Power, make_ready
from tuchanka.waiting import together

# In a blackout: how long the primary outlives its standbys, and how long a machine waits for the one before it.
STALE_S = 1.0
STAGGER_S = 2.0


async def power_off(scene: Scene) -> float:
    """Cut the power of every machine of the scene; returns when the first one's went."""
    return min(await together(*(machine.power_off() for machine in scene.machines)))


async def reset(scene: Scene) -> float:
    """Press the reset button of every machine of the scene; one that is off is switched on."""
    went: list[float] = []

    async def press(machine: Machine) -> None:
        if await machine.power_state() == "on":
            went.append(await machine.reset())
        else:
            await machine.power_on()

    await together(*(press(machine) for machine in scene.machines))
    return min(went, default=time.monotonic())


async def shut_down(scene: Scene) -> float:
    """Have every machine of the scene stop in good order; returns when they were asked, after they are off."""
    asked = time.monotonic()
    await together(*(machine.shut_down() for machine in scene.machines))
    return asked


async def black_out(scene: Scene) -> float:
    """Cut the power of the standbys, and of the primary a moment later, so that a standby's data is stale."""
    standbys = [machine for machine in scene.machines if machine.name != scene.primary]
    others = [machine for machine in scene.machines if machine.name == scene.primary]
    went = min([await machine.power_off() for machine in standbys], default=time.monotonic())
    if others:
        await asyncio.sleep(STALE_S)
        await others[0].power_off()
    return went


async def power_on(scene: Scene) -> None:
    """Switch every machine of the scene on, and wait until all take commands."""
    await together(*map(make_ready, scene.machines))


async def power_on_staggered(scene: Scene) -> None:
    """Switch the machines on one after another, the primary of before last: whoever has stale data comes first."""
    off = [machine for machine in scene.machines if await machine.power_state() == "off"]
    for number, machine in enumerate(sorted(off, key=lambda one: one.name == scene.primary)):
        await asyncio.sleep(STAGGER_S if number else 0)
        await make_ready(machine)


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
    returns=survives,
)
RESET = Fault(
    name="reset",
    family="power",
    scope="node",
    needs=(Power.__name__,),
    does="cuts the power and switches the machine on again at once",
    expect="as a power loss; the machine is back sooner than it is missed, and waits for a person",
    proves="that a node which comes back during the failover disturbs nobody",
    apply=reset,
    heal=power_on,
    returns=survives,
)
SHUT_DOWN = Fault(
    name="shut-down",
    family="power",
    scope="node",
    needs=(Power.__name__,),
    does="asks the system to stop, as an administrator does, and waits until the machine is off",
    expect="the node hands over in good order before it leaves: no fencing, and nothing to wait for",
    proves="that an orderly stop costs a moment and no commit",
    apply=shut_down,
    heal=power_on,
    returns=survives,
)
BLACKOUT = Fault(
    name="blackout",
    family="power",
    scope="cluster",
    needs=(Power.__name__,),
    does=f"cuts the power of every node, the primary's {STALE_S:g} s after the others; they come back one by one",
    expect="nothing serves until a person starts the cluster; then the most advanced copy becomes primary",
    proves="that a cold start never makes a stale node primary, whoever is back first",
    apply=black_out,
    heal=power_on_staggered,
    returns=waits_for_healing,
)
FAULTS = (POWER_OFF, RESET, SHUT_DOWN, BLACKOUT)
