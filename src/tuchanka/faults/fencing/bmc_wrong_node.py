"""A BMC switches another node."""

from tuchanka.faults.fault import Target
from tuchanka.faults.fencing import POWER, Failure, alone, then_primary
from tuchanka.faults.fits import fenced_by_one_of_two_bmcs
from tuchanka.faults.survival import serves
from tuchanka.postgres.config import standbys_in_order
from tuchanka.waiting import together


def taken_for(target: Target, name: str) -> str:
    """Return the node that a node's BMC switches: the standby that commits wait for first, or the next one."""
    cluster = target.cluster or target.lab.topology.cluster_of(name)
    instance = target.instance or next(one for one in cluster.instances if len(one.nodes) > 1)
    primary = target.primary or instance.home
    order = [*standbys_in_order(cluster, instance, primary), cluster.node(primary)]
    return next(node.name for node in order if node.name != name)


async def mix_up(target: Target) -> float:
    """Let the BMC of every machine of the target tell the state of another, and switch that one."""
    mixed_up = (machine.set_bmc("wrong node", taken_for(target, machine.name)) for machine in target.machines)
    return min(await together(*mixed_up))


def rest_serves(target: Target) -> bool:
    """Say whether the instance comes back without the node and the one that is taken for it."""
    if target.cluster is None or target.instance is None:
        return True
    lost = {*target.machine_names, *(taken_for(target, name) for name in target.machine_names)}
    left = [node.name for node in target.cluster.nodes if node.name not in lost]
    return serves(target.cluster, target.instance, left)


WRONG_NODE = Failure(
    "bmc-wrong-node",
    "lets a node's BMC tell the state of a standby and switch that one, as where two addresses were mixed up",
    mix_up,
    unfit=fenced_by_one_of_two_bmcs,
)

FAULTS = (
    alone(WRONG_NODE, proves="that addresses which were mixed up show in nothing before they are used"),
    then_primary(
        WRONG_NODE,
        POWER,
        expect="a healthy standby is switched off in the node's place: of two nodes none is left until the healing",
        proves="that a device has to be tried on its own node, and that the verdict names the bystander",
        returns=rest_serves,
        predicts=None,
    ),
)
