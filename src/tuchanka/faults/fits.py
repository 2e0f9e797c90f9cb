"""Why a fault can't be tried on a cluster: for ``Fault.unfit``; empty where it can. Pure."""

from tuchanka.topology.types import Cluster


def several_sites(cluster: Cluster) -> str:
    """Return why a cluster can't be split."""
    return "" if len({node.site for node in cluster.nodes}) > 1 else f"all of {cluster.name} is in one site"


def witnessed(cluster: Cluster) -> str:
    """Return why a cluster can't lose its witness."""
    return "" if cluster.witness else f"{cluster.name} has no witness"


def replicated(cluster: Cluster) -> str:
    """Return why a cluster has no standby to lose, or to move to."""
    has_standby = any(len(instance.nodes) > 1 for instance in cluster.instances)
    return "" if has_standby else f"{cluster.name} has no standby"


def three_nodes(cluster: Cluster) -> str:
    """Return why no two nodes of a cluster can have a third that sees both."""
    return "" if len(cluster.nodes) > 2 else f"{cluster.name} has no third node"


def fenced_by_bmcs(cluster: Cluster) -> str:
    """Return why no BMC of the lab can fail a cluster."""
    by_bmc = cluster.fencing.device and all(node.bmc for node in cluster.nodes)
    return "" if by_bmc else f"{cluster.name} is not fenced by BMCs of the lab"


def fenced_by_one_of_two_bmcs(cluster: Cluster) -> str:
    """Return why no BMC of a cluster can be taken for another node's."""
    return fenced_by_bmcs(cluster) or replicated(cluster)


def fenced_by_watchdogs(cluster: Cluster) -> str:
    """Return why it doesn't matter to a cluster whether a watchdog fires."""
    return "" if cluster.fencing.watchdog else f"{cluster.name} does not count on watchdogs"
