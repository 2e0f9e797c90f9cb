"""The primary moves to the best standby."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.fits import replicated
from tuchanka.faults.operations import NODE, instances, switch_instance, take_back


async def switch_over(target: Target) -> float:
    """Move the primary to the best standby; returns when the move began, after the standby had caught up."""
    return min(
        [
            await switch_instance(target, one, instance)
            for one in target.clusters
            for instance in instances(target, one)
        ]
    )


FAULTS = (
    Fault(
        name="switchover",
        family="operations",
        scope="cluster",
        needs=NODE,
        does="moves the primary to the best standby, after that has caught up",
        expect="no commit is lost, and writes wait for as long as a stop and a promotion take",
        proves="what planned work on a primary's node costs",
        apply=switch_over,
        heal=take_back,
        heal_rank=HealRank.CLUSTER,
        unfit=replicated,
        gives_up="in order",
    ),
)
