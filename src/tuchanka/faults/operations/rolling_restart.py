"""PostgreSQL is restarted on one node after another."""

import time

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.fits import replicated
from tuchanka.faults.marks import mark, unmark
from tuchanka.faults.operations import NODE, instances, restart_instance, switch_instance, take_back
from tuchanka.stacks.pacemaker import operate, standby
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.topology.types import Cluster, Instance


async def restart_rolling(target: Target) -> float:
    """Restart the standbys one by one, then switch over, then restart the old primary; returns when it began."""
    began = time.monotonic()
    for cluster in target.clusters:
        for instance in instances(target, cluster):
            mark(target.lab, "restart", cluster.name)
            before = (await observe(target.lab, cluster)).instance(instance.name).primary
            for node in (name for name in instance.nodes if name != before):
                await _restart_one(target, cluster, instance, node)
            if before is not None:
                await switch_instance(target, cluster, instance)
                await _restart_one(target, cluster, instance, before)
        unmark(target.lab, "restart", cluster.name)
    return began


async def _restart_one(target: Target, cluster: Cluster, instance: Instance, node: str) -> None:
    await restart_instance((await standby.someone(target.lab, cluster)).machine, instance, node)
    await operate.wait_healthy(target.lab, cluster)


FAULTS = (
    Fault(
        name="rolling-restart",
        family="operations",
        scope="cluster",
        needs=NODE,
        does="restarts the standbys one by one, switches over, and restarts the old primary",
        expect="the same as a restart for no more than a switchover's price",
        proves="that a parameter, or a minor version, is changed without a longer outage",
        apply=restart_rolling,
        heal=take_back,
        heal_rank=HealRank.CLUSTER,
        unfit=replicated,
        gives_up="in order",
    ),
)
