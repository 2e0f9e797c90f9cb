"""A standby is lost, and then the primary."""

from tuchanka.faults.double import lose_standby, others_serve
from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.fits import replicated
from tuchanka.faults.power import power_on
from tuchanka.providers.base import Power


async def standby_then_primary(target: Target) -> float:
    """Cut a standby's power, wait until the cluster has settled, and cut the primary's; returns when that went."""
    (cluster,) = target.clusters
    _, primary = await lose_standby(target, cluster)
    return await target.lab.machine(primary).power_off()


FAULTS = (
    Fault(
        name="standby-then-primary",
        family="double",
        scope="cluster",
        needs=(Power.__name__,),
        does="cuts a standby's power, and the primary's when the cluster has settled",
        expect="with nodes enough another standby serves; two nodes serve again after the healing",
        proves="what the second fault costs, and that nobody serves who has not got what was promised",
        apply=standby_then_primary,
        heal=power_on,
        heal_rank=HealRank.POWER,
        returns=others_serve,
        unfit=replicated,
        gives_up="in turn",
    ),
)
