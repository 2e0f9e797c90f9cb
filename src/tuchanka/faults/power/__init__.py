"""Faults of power: machines that are cut off, reset, or stopped."""

from tuchanka.faults.fault import Target
from tuchanka.providers.base import make_ready
from tuchanka.waiting import together


async def power_on(target: Target) -> None:
    """Switch every machine of the target on, and wait until all take commands."""
    await together(*map(make_ready, target.machines))


async def lose_bmcs(target: Target) -> None:
    """Take the power of the BMCs of the target's machines, too, where the topology gives them one."""
    nodes = {node.name: node for cluster in target.lab.topology.clusters for node in cluster.nodes}
    have = [one for one in target.machines if one.name in nodes and nodes[one.name].bmc is not None]
    await together(*(machine.set_bmc("off") for machine in have))
