"""A whole cluster loses its power."""

import asyncio
import time

from tuchanka.faults.fault import Fault, Target, waits_for_healing
from tuchanka.faults.fencing import restore_bmcs
from tuchanka.faults.power import lose_bmcs
from tuchanka.providers.base import Power, make_ready

# In a blackout: how long the primary outlives its standbys, and how long a machine waits for the one before it.
STALE_S = 1.0
STAGGER_S = 2.0


async def black_out(target: Target) -> float:
    """Cut the power of the BMCs and the standbys, and of the primary a moment later: a standby's data is stale."""
    await lose_bmcs(target)
    standbys = [machine for machine in target.machines if machine.name != target.primary]
    others = [machine for machine in target.machines if machine.name == target.primary]
    went = min([await machine.power_off() for machine in standbys], default=time.monotonic())
    if others:
        await asyncio.sleep(STALE_S)
        await others[0].power_off()
    return went


async def power_on_staggered(target: Target) -> None:
    """Switch the machines on one after another, the primary of before last: stale data comes first."""
    await restore_bmcs(target)
    off = [machine for machine in target.machines if await machine.power_state() == "off"]
    for number, machine in enumerate(sorted(off, key=lambda one: one.name == target.primary)):
        await asyncio.sleep(STAGGER_S if number else 0)
        await make_ready(machine)


FAULTS = (
    Fault(
        name="blackout",
        family="power",
        scope="cluster",
        needs=(Power.__name__,),
        does=f"cuts the power of all nodes and BMCs, the primary's {STALE_S:g} s later; they come back one by one",
        expect="nothing serves until a person starts the cluster; then the most advanced copy becomes primary",
        proves="that a cold start never makes a stale node primary, whichever is back first",
        apply=black_out,
        heal=power_on_staggered,
        heal_rank=None,
        returns=waits_for_healing,
    ),
)
