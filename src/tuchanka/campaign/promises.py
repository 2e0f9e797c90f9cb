"""What a topology promises of a trial: the checks to be made, each with the promise in words. Pure."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from tuchanka.analysis.checks.catalogue import EXAMINERS
from tuchanka.faults.fault import Fault
from tuchanka.postgres.config import standbys_in_order
from tuchanka.postgres.effective import Guarantee, given_up
from tuchanka.topology.types import Cluster, Instance

NONE: Mapping[str, str] = MappingProxyType({})
BY_NAME = {one.name: one.promise for one in EXAMINERS}
CHECKED_BY: Mapping[Guarantee, tuple[str, ...]] = MappingProxyType(
    {
        "durable": ("commits", "commits in place", "reads stay"),
        "replicated": ("commits",),
        "undamaged": ("rows", "checksums"),
    }
)
"""Guarantee → the checks that can't be promised without it."""
OF_CLUSTER = frozenset(one.name for one in EXAMINERS if one.about == "cluster")


def promises(
    cluster: Cluster,
    instance: Instance,
    fault: Fault,
    *,
    broken: Collection[str],
    primary: str | None,
    services: Mapping[str, str] = NONE,
) -> dict[str, str]:
    """Return check → promise, for ``TrialStarted.promises``.

    ``broken`` are the machines that the fault's target stands for, ``primary`` the node with the instance's primary,
    ``services`` what the services promise besides. What the fault's page exempts isn't promised, nor what settings
    give up, whether or not their owner has accepted that.
    """
    found = {one.name: one.promise for one in EXAMINERS if one.always}
    if not cluster.fencing.watchdog:
        found.pop("watchdog", None)  # devices alone: no watchdog is asked for
    if len(instance.nodes) < 3:
        found.pop("most advanced", None)  # one standby is no choice
    if why := keeps_commits(cluster, instance, fault, broken=broken, primary=primary):
        found["commits"] = f"no acknowledged commit is lost: {why}"
    if instance.standby_vips:
        found["reads in order"] = BY_NAME["reads in order"]
        if why := keeps_reads(instance, fault, broken=broken, primary=primary):
            found["reads stay"] = f"{BY_NAME['reads stay']}: {why}"
    if fault.scope == "service":
        found["unhindered"] = BY_NAME["unhindered"]
    found |= services
    gone = not_promised(cluster, instance).union(fault.exempt)
    return {name: found[name] for name in dict.fromkeys((*BY_NAME, *services)) if name in found and name not in gone}


def not_promised(cluster: Cluster, instance: Instance) -> frozenset[str]:
    """Return the checks that no trial of the instance promises, because settings give up what they rest on.

    A check that judges every instance of the cluster can't be promised where any of them gives that up.
    """
    others = (_without(one) & OF_CLUSTER for one in cluster.instances if one.name != instance.name)
    return _without(instance).union(*others)


def _without(instance: Instance) -> frozenset[str]:
    """Return the checks that rest on what the instance's own settings give up."""
    guarantees = given_up(instance)
    if instance.synchronous is None:
        guarantees -= {"replicated"}  # nothing was promised of it
    return frozenset(check for guarantee in guarantees for check in CHECKED_BY[guarantee])


def keeps_commits(
    cluster: Cluster, instance: Instance, fault: Fault, *, broken: Collection[str], primary: str | None
) -> str:
    """Return why every acknowledged commit must outlive the fault; empty where it need not."""
    nodes = set(instance.nodes)
    if instance.synchronous is None or primary is None:
        if fault.gives_up == "in order":
            return "what is planned waits until the standbys have everything"
        if primary is not None and primary not in broken and fault.gives_up == "target":
            return "the primary is not hit"
        return ""
    if nodes <= set(broken) or primary not in broken:
        return "commits are synchronous, and a node that has them is there in the end"
    others = [node.name for node in standbys_in_order(cluster, instance, primary)]
    count = instance.synchronous.count
    if fault.gives_up == "in turn":
        # One after the other: by then the next standby in the list has been asked.
        safe = any(node not in broken for node in others)
    elif instance.synchronous.method == "FIRST":
        safe = any(node not in broken for node in others[:count])
    else:
        safe = sum(1 for node in others if node in broken) < count
    return f"commits are synchronous, and wait for {count} of {', '.join(others)}" if safe else ""


def keeps_reads(instance: Instance, fault: Fault, *, broken: Collection[str], primary: str | None) -> str:
    """Return why every row that was read through a standby VIP must outlive the fault; empty where it need not.

    A standby shows what it has replayed, whether or not the commit was acknowledged: also where commits are
    synchronous, because another standby confirms. So the row stays where the primary that wrote it does, or where
    all of its standbys survive the primary, of which the most advanced is promoted.
    """
    if fault.gives_up in {"by vote", "in turn"}:
        return ""  # it is the votes that decide who goes on, or there is a second blow
    if fault.gives_up == "in order":
        return "what is planned waits until the standbys have everything"
    if primary is None:
        return ""
    hit = set(instance.nodes).intersection(broken)
    if primary not in hit:
        return "the primary is not hit"
    return "its standbys survive, and the most advanced is promoted" if hit == {primary} else ""


def instances_of(cluster: Cluster) -> dict[str, list[str]]:
    """Return instance → nodes, for ``TrialStarted.instances``."""
    return {instance.name: list(instance.nodes) for instance in cluster.instances}
