"""A node gives everything away."""

import time

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.fits import replicated
from tuchanka.faults.marks import mark
from tuchanka.faults.operations import NODE, nodes, quiet, take_back
from tuchanka.faults.survival import survives
from tuchanka.stacks.pacemaker import standby


async def put_in_standby(target: Target) -> float:
    """Have the nodes give everything away, one after another; returns when the first one was asked."""
    began = time.monotonic()
    for cluster in target.clusters:
        for node in nodes(target, cluster):
            by = await standby.who_lets_go(target.lab, cluster, node)
            mark(target.lab, "standby", node)
            await standby.put_in_standby(target.lab, cluster, node, by, quiet)
    return began


FAULTS = (
    Fault(
        name="standby",
        family="operations",
        scope="node",
        needs=NODE,
        does="has a node give everything away; healing lets it take part again",
        expect="another node serves in a moment; the node comes back as a standby",
        proves="that a node can be taken out of service, and back, without a loss",
        apply=put_in_standby,
        heal=take_back,
        heal_rank=HealRank.CLUSTER,
        returns=survives,
        unfit=replicated,
        gives_up="in order",
    ),
)
