"""A BMC can't be reached from one side."""

from tuchanka.faults.fault import Target
from tuchanka.faults.fencing import POWER, Failure, alone, then_primary
from tuchanka.faults.fits import fenced_by_bmcs
from tuchanka.faults.network import block, both_ways, reconnect
from tuchanka.faults.survival import survives_without_device
from tuchanka.providers.base import Cut, Traffic, bmc_of
from tuchanka.topology.types import Cluster


def from_the_other_side(cluster: Cluster, name: str) -> tuple[Cut, ...]:
    """Return the cuts between a node's BMC and the nodes of other sites; in one site: all other nodes."""
    node = cluster.node(name)
    rest = [one for one in cluster.nodes if one.name != name]
    far = [one.name for one in rest if one.site != node.site]
    return both_ways([bmc_of(name)], far or [one.name for one in rest])


async def cut_bmc(target: Target) -> float:
    """Cut the BMC of every machine of the target off from the other side."""
    nodes = [(one, node.name) for one in target.clusters for node in one.nodes if node.name in target.machine_names]
    cuts = tuple(cut for pair in nodes for cut in from_the_other_side(*pair))
    return await block(target, "bmc-unreachable", cuts)


UNREACHABLE = Failure(
    "bmc-unreachable",
    "cuts a node's BMC off from the nodes of the other sites; in one site: from all other nodes",
    cut_bmc,
    (Traffic.__name__,),
    fenced_by_bmcs,
    reconnect,
)

FAULTS = (
    alone(UNREACHABLE, proves="that a broken network of the BMCs shows in no service"),
    then_primary(
        UNREACHABLE,
        POWER,
        expect="a node of the BMC's own site switches it off, if there is one; else the others wait for its watchdog",
        proves="that what only one side can reach is asked from there, or costs not more than to have no device",
        returns=survives_without_device,
        predicts="failover without device",
    ),
)
