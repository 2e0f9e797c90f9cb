"""Faults of power: machines that are cut off, reset, or stopped."""

from tuchanka.faults.fault import Target
from tuchanka.providers.base import make_ready
from tuchanka.waiting import together


async def power_on(target: Target) -> None:
    """Switch every machine of the target on, and wait until all take commands."""
    await together(*map(make_ready, target.machines))


async def lose_bmcs(target: Target) -> None:
    """Take the power of the BMCs of the target's machines, too, where the topology gives them one."""
    have = target.lab.topology.bmcs
    await together(*(machine.set_bmc("off") for machine in target.machines if machine.name in have))
