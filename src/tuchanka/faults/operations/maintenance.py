"""Pacemaker looks after nothing for a while."""

import time

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.marks import mark
from tuchanka.faults.operations import NODE, quiet, take_back
from tuchanka.stacks.pacemaker import standby


async def keep_hands_off(target: Target) -> float:
    """Put the cluster in maintenance."""
    for cluster in target.clusters:
        by = await standby.someone(target.lab, cluster)
        mark(target.lab, "maintenance", cluster.name)
        await standby.set_maintenance(target.lab, cluster, "on", by, quiet)
    return time.monotonic()


FAULTS = (
    Fault(
        name="maintenance",
        family="operations",
        scope="cluster",
        needs=NODE,
        does="has Pacemaker keep its hands off everything; healing has it look after it again",
        expect="nothing that clients notice, neither then nor afterwards",
        proves="that the cluster can be worked on, or upgraded, under a running service",
        apply=keep_hands_off,
        heal=take_back,
        heal_rank=HealRank.CLUSTER,
        gives_up="in order",
    ),
)
