"""Votes: what a cluster survives. Pure."""

from collections.abc import Iterator

from tuchanka.lint.base import Said
from tuchanka.topology.types import Cluster, Topology


def clusters_keep_quorum(topology: Topology) -> Iterator[Said]:
    """Votes: an even cluster has a quorum device, the device exists, and no site holds the majority alone."""
    for cluster in topology.clusters:
        key = f"clusters.{cluster.name}.witness"
        count = len(cluster.nodes)
        if cluster.witness and topology.witness is None:
            yield Said("error", key, "asks for a quorum device, but there is no [witness]", "add [witness]")
        if not cluster.witness and count == 2 and cluster.fencing.device:
            what = "two nodes without a witness: whichever switches the other off first goes on, not the better one"
            yield Said("warning", key, what, "write witness = true")
        elif not cluster.witness and count % 2 == 0:
            what = f"{count} nodes without a quorum device: half of them is no quorum, so both halves stop"
            yield Said("error", key, what, "write witness = true, or add a node in another site")
        if cluster.witness and count % 2:
            what = f"{count} nodes and a quorum device have an even number of votes"
            yield Said("warning", key, what, "write witness = false, or add a node")
        if cluster.witness or count % 2:
            yield from _sites_of(topology, cluster)
    yield from _witness_site(topology)


def _sites_of(topology: Topology, cluster: Cluster) -> Iterator[Said]:
    at = [node.site for node in cluster.nodes]
    if cluster.witness and topology.witness:
        at.append(topology.witness.site)
    fatal = [site for site in sorted({node.site for node in cluster.nodes}) if at.count(site) * 2 >= len(at)]
    if fatal:
        what = f"the loss of site {' or '.join(fatal)} takes at least half of {len(at)} votes, and with it the quorum"
        instead = "spread the nodes and the witness over more sites"
        yield Said("warning", f"clusters.{cluster.name}.nodes", what, instead)


def _witness_site(topology: Topology) -> Iterator[Said]:
    if topology.witness is None:
        return
    users = [cluster for cluster in topology.clusters if cluster.witness]
    if not users:
        yield Said(
            "warning", "witness", "no cluster uses it", "write witness = true in a cluster, or remove [witness]"
        )
    at = topology.witness.site
    beside = [cluster.name for cluster in users if any(node.site == at for node in cluster.nodes)]
    if beside:
        what = f"{at} has nodes of {', '.join(beside)} too: the loss of that site takes both their votes"
        yield Said("warning", "witness.site", what, "write a site of its own")
