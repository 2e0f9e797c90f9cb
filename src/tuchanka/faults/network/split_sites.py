"""The sites of a cluster are cut off from each other."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.fits import several_sites
from tuchanka.faults.network import block, reconnect
from tuchanka.faults.survival import serves
from tuchanka.providers.base import Cut, Traffic, bmc_of
from tuchanka.topology.types import Cluster


def between_nodes(cluster: Cluster) -> tuple[Cut, ...]:
    """Return the cuts between nodes of different sites."""
    return tuple(Cut(a.name, b.name) for a in cluster.nodes for b in cluster.nodes if a.site != b.site)


def between_sites(cluster: Cluster) -> tuple[Cut, ...]:
    """Return the same, and the cuts between a node and the BMCs of other sites."""
    far = [(a.name, bmc_of(b.name)) for a in cluster.nodes for b in cluster.nodes if b.bmc and a.site != b.site]
    return (*between_nodes(cluster), *(cut for node, bmc in far for cut in (Cut(node, bmc), Cut(bmc, node))))


async def split(target: Target) -> float:
    """Cut the sites of the cluster from each other; the witness and the clients see all of them."""
    return await block(target, "split-sites", tuple(cut for one in target.clusters for cut in between_sites(one)))


def one_side_serves(target: Target) -> bool:
    """Say whether one of the sites alone can go on with the instance."""
    if target.cluster is None or target.instance is None:
        return True
    sites = {node.site for node in target.cluster.nodes}
    groups = ([node.name for node in target.cluster.nodes if node.site == site] for site in sites)
    return any(serves(target.cluster, target.instance, group) for group in groups)


def one_side_is_sure(target: Target) -> bool:
    """Say the same where neither side reaches the other's BMCs: it takes a watchdog to be sure."""
    return one_side_serves(target) and (target.cluster is None or target.cluster.fencing.watchdog)


FAULTS = (
    Fault(
        name="split-sites",
        family="network",
        scope="cluster",
        needs=(Traffic.__name__,),
        does="cuts the sites with their BMCs from each other; the witness and the clients still see both",
        expect="the witness gives its vote to one side, which serves; the other resets itself",
        proves="that the vote decides, and that clients who see both sides never find two primaries",
        apply=split,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        returns=one_side_is_sure,
        unfit=several_sites,
        gives_up="by vote",
        exempt=("daemons", "bystanders"),
    ),
)
