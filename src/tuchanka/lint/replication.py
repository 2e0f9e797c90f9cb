"""Replication and failback: what is lost, and what blocks. Pure."""

from collections.abc import Iterator

from tuchanka.lint.base import Said, counted, instance_key
from tuchanka.topology.types import Cluster, Instance, Topology


def replication_is_chosen(topology: Topology) -> Iterator[Said]:
    """Asynchronous: what can be lost. Synchronous: the faults after which commits block."""
    for cluster in topology.clusters:
        for instance in cluster.instances:
            if len(instance.nodes) < 2:
                continue
            key = instance_key(cluster, instance)
            if instance.synchronous is None:
                what = (
                    f"replication between its {len(instance.nodes)} nodes is asynchronous: commits that the primary "
                    "acknowledged but had not yet streamed at the moment of a fault are lost"
                )
                instead = "accept that, or add [….synchronous] and enough nodes that it doesn't block commits"
                yield Said("warning", key, what, instead.replace("…", key))
            else:
                yield from _synchronous(cluster, instance)


def failback_is_safe(topology: Topology) -> Iterator[Said]:
    """A move back by itself is an outage that the owner should know of; it needs a second node."""
    for cluster in topology.clusters:
        for instance in cluster.instances:
            if instance.failback != "automatic" or len(instance.nodes) < 2:
                continue
            if not topology.helpers.caught_up:
                what = (
                    "needs the helper caught_up, which is off: without it the primary would move back to a copy that "
                    "is behind"
                )
                instead = 'write failback = "wait", or switch helpers.caught_up on'
                yield Said("error", f"{instance_key(cluster, instance)}.failback", what, instead)
            if instance.synchronous is None:
                what = (
                    f"moves back to {instance.home} by itself although replication is asynchronous: a second outage "
                    "follows the first before what was lost can be looked at"
                )
                instead = 'write failback = "wait", or make it synchronous'
                yield Said("warning", f"{instance_key(cluster, instance)}.failback", what, instead)


def _synchronous(cluster: Cluster, instance: Instance) -> Iterator[Said]:
    asked = instance.synchronous
    assert asked is not None  # noqa: S101 - the caller looked
    key = f"{instance_key(cluster, instance)}.synchronous"
    standbys = len(instance.nodes) - 1
    sites = {node.name: node.site for node in cluster.nodes if node.name in instance.nodes}
    if asked.count > standbys:
        what = f"asks for {counted(asked.count, 'standby')}, but there can be {standbys} at most: every commit blocks"
        yield Said("error", f"{key}.count", what, _fewer(standbys - 1))
    elif asked.count == standbys:
        # An error and no warning: after a failover the old primary is missing among the standbys, so the new one
        # couldn't commit either. Such a cluster doesn't survive any single fault.
        what = (
            f"asks for every standby ({standbys}): the loss of any one node, and so every failover, "
            "blocks commits until it is repaired"
        )
        yield Said("error", f"{key}.count", what, _fewer(standbys - 1))
    else:
        at = list(sites.values())
        # So many stay after the loss of the site; one of them is the primary.
        blocking = [site for site in sorted(set(at)) if 0 < len(at) - at.count(site) <= asked.count]
        if blocking:
            what = (
                f"after the loss of site {' or '.join(blocking)} too few nodes are left for "
                f"{counted(asked.count, 'standby')}: commits block"
            )
            instead = "write less, or add a node" if asked.count > 1 else "add a node in another site"
            yield Said("warning", f"{key}.count", what, instead)
    if asked.other_site_first and len(set(sites.values())) < 2:
        what = "all nodes of the instance are in one site"
        yield Said("warning", f"{key}.other_site_first", what, "write false, or add a node in another site")
    if asked.other_site_first and asked.method == "ANY":
        what = "ANY doesn't heed the order of the list"
        yield Said("warning", f"{key}.other_site_first", what, 'write method = "FIRST", or other_site_first = false')


def _fewer(most: int) -> str:
    if most < 1:
        return "add a node, or remove the table (asynchronous replication)"
    return f"write at most {most}, or add a node"
