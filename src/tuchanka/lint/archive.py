"""The archive is of use when it is needed, and costs no failover. Pure."""

from collections.abc import Iterator

from tuchanka.lint.base import Said
from tuchanka.topology.types import Topology


def archive_is_of_use(topology: Topology) -> Iterator[Said]:
    """The archive isn't lost with what it is for, and an election counts what comes from it."""
    archive = topology.archive
    if archive is None:
        return
    if not topology.helpers.paf_order:
        what = "PAF elects by what a standby has received, and would overlook log from the archive"
        yield Said("error", "helpers.paf_order", what, "write true, or remove [archive]")
    if not any(instance.archive for cluster in topology.clusters for instance in cluster.instances):
        yield Said("warning", "archive", "no instance is archived", "remove it, or an instance's archive = false")
    if archive.keep_s < archive.full_s:
        what = "is shorter than full: a backup would expire before the next one"
        yield Said("error", "archive.keep", what, "write a longer time, or a shorter one for full")
    if archive.store is not None:
        site = topology.machine(archive.store).site
        if any(node.site == site for cluster in topology.clusters for node in cluster.nodes):
            what = f"the store is in the site {site}, and is lost with its nodes"
            yield Said("warning", f"services.{archive.store}.site", what, "put it into a site of its own")
