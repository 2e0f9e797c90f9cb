"""A cluster is stopped and started."""

import time

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.operations import NODE, take_back
from tuchanka.stacks.pacemaker import operate


async def stop_and_start(target: Target) -> float:
    """Stop the cluster on every node in good order, and start it again; returns when the stop began."""
    began = time.monotonic()
    for cluster in target.clusters:
        await operate.stop(target.lab, cluster)
        await operate.start(target.lab, cluster)
    return began


FAULTS = (
    Fault(
        name="cluster-stop-start",
        family="operations",
        scope="cluster",
        needs=NODE,
        does="stops the cluster on every node, resources first, and starts it again",
        expect="the service is away until the cluster has found together; the primary is where it was",
        proves="that a whole stop loses nothing and needs no restore",
        apply=stop_and_start,
        heal=take_back,
        heal_rank=HealRank.CLUSTER,
        gives_up="in order",
    ),
)
