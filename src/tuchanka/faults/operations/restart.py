"""PostgreSQL is restarted on all nodes at once."""

import time

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.marks import mark, unmark
from tuchanka.faults.operations import NODE, instances, restart_instance, take_back
from tuchanka.stacks.pacemaker import standby


async def restart(target: Target) -> float:
    """Restart the instance on all nodes at once, through Pacemaker."""
    began = time.monotonic()
    for cluster in target.clusters:
        by = await standby.someone(target.lab, cluster)
        for instance in instances(target, cluster):
            mark(target.lab, "restart", cluster.name)
            await restart_instance(by.machine, instance)
        unmark(target.lab, "restart", cluster.name)
    return began


FAULTS = (
    Fault(
        name="restart",
        family="operations",
        scope="cluster",
        needs=NODE,
        does="restarts PostgreSQL on all nodes at once, through Pacemaker (pcs resource restart)",
        expect="the service is away for a stop and a start; the primary stays where it is",
        proves="what a changed parameter costs that wants a restart",
        apply=restart,
        heal=take_back,
        heal_rank=HealRank.CLUSTER,
        gives_up="in order",
    ),
)
