"""Fencing: whether what is to switch a node off can, also when the node's site is lost. Pure."""

from collections.abc import Iterator

from tuchanka.lint.base import Said
from tuchanka.topology.types import Cluster, Topology


def fencing_holds(topology: Topology) -> Iterator[Said]:
    """A BMC fails with its node's site; two nodes alone don't count on watchdogs; a BMC that nobody asks is said."""
    for cluster in topology.clusters:
        key = f"clusters.{cluster.name}.fencing.levels"
        if cluster.fencing.device and not cluster.fencing.watchdog:
            what = (
                "a device that fails with its node (a site without power, a site that is cut off) leaves the cluster "
                "waiting until somebody confirms that the node is off"
            )
            yield Said("warning", key, what, 'write ["device", "watchdog"], or accept that')
        if not cluster.fencing.device:
            yield from _unused(cluster)
        yield from _two_nodes(cluster)


def _unused(cluster: Cluster) -> Iterator[Said]:
    for node in cluster.nodes:
        if node.bmc is not None:
            key = f"clusters.{cluster.name}.nodes.{node.name}.bmc"
            yield Said("warning", key, "no level of fencing uses it", 'write fencing.levels = ["device", "watchdog"]')


def _two_nodes(cluster: Cluster) -> Iterator[Said]:
    """Each of two nodes without a witness has the quorum when it is alone: neither's watchdog would fire."""
    if len(cluster.nodes) == 2 and not cluster.witness and cluster.fencing.device and cluster.fencing.watchdog:
        what = (
            "two nodes without a witness both have the quorum when they are cut off from each other, so no watchdog "
            "resets either: the level would take a node for reset that goes on"
        )
        yield Said("error", f"clusters.{cluster.name}.fencing.levels", what, 'write ["device"], or witness = true')
