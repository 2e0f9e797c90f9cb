"""The witness is cut off from a cluster."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.fits import witnessed
from tuchanka.faults.network import block, both_ways, reconnect
from tuchanka.providers.base import Traffic


async def cut_witness(target: Target) -> float:
    """Cut the witness off from the machines of the target."""
    witness = target.lab.topology.witness
    return await block(target, "cut-witness", both_ways([witness.name] if witness else [], target.machine_names))


FAULTS = (
    Fault(
        name="cut-witness",
        family="network",
        scope="cluster",
        needs=(Traffic.__name__,),
        does="cuts the witness off from all nodes of a cluster",
        expect="nothing that clients notice: the nodes see each other, and are more than half without its vote",
        proves="that the witness is needed to decide, and not to serve",
        apply=cut_witness,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        unfit=witnessed,
        gives_up="by vote",
    ),
)
