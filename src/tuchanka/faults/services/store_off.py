"""The machine of the store loses its power; and then the primary's."""

import asyncio

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.power import power_on
from tuchanka.faults.power.power_off import power_off
from tuchanka.faults.services import UNNOTICED, store_of
from tuchanka.faults.storage import ask, copies
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Power, Runner, make_ready

# The first push has failed by then, with every profile but the slowest, and log waits.
WITHOUT_STORE_S = 5.0
SWITCH = "SELECT pg_switch_wal()"


async def store_then_primary(target: Target) -> float:
    """Cut the store's power, have the primary begin a new file of the log, and cut its power some seconds later."""
    await store_of(target).power_off()
    for machine in target.machines:
        for instance, _ in copies(target, machine):
            # A standby refuses it, and nothing waits there.
            await ask(machine, instance, SWITCH, check=False)
    await asyncio.sleep(WITHOUT_STORE_S)
    return await power_off(target)


async def both_on(target: Target) -> None:
    """Switch the store and the node on."""
    await make_ready(store_of(target))
    await power_on(target)


FAULTS = (
    Fault(
        name="store-off",
        family="services",
        scope="service",
        needs=(Power.__name__,),
        does="cuts the power of the machine with the store",
        expect=UNNOTICED,
        proves="that no commit waits for the archive",
        apply=power_off,
        heal=power_on,
        heal_rank=HealRank.POWER,
        predicts="unnoticed",
    ),
    Fault(
        name="store-then-primary",
        family="services",
        scope="node",
        needs=(Power.__name__, Runner.__name__),
        does=f"cuts the store's power, and {WITHOUT_STORE_S:g} s later the primary's, where log waits by then",
        expect="as a power loss without an archive; the new primary archives what the old one could not",
        proves="that a promotion doesn't wait for the store, and that log on a lost node isn't lost to the archive",
        apply=store_then_primary,
        heal=both_on,
        heal_rank=None,
        returns=survives,
        role="primary",
        predicts="failover",
    ),
)
