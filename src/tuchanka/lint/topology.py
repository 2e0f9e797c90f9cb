"""What can be said against a topology that has a meaning. Pure; always in the same order."""

from collections.abc import Callable, Iterator

from tuchanka.findings import Finding
from tuchanka.lint.addresses import addresses_are_inside, addresses_are_unique
from tuchanka.lint.archive import archive_is_of_use
from tuchanka.lint.base import Said
from tuchanka.lint.fencing import fencing_holds
from tuchanka.lint.instances import instances_have_room
from tuchanka.lint.names import names_are_unique
from tuchanka.lint.quorum import clusters_keep_quorum
from tuchanka.lint.replication import failback_is_safe, replication_is_chosen
from tuchanka.lint.services import (
    machines_run_something,
    services_leave_guarantees_alone,
    settings_of_services_are_theirs,
)
from tuchanka.lint.settings import settings_keep_guarantees
from tuchanka.lint.timing import timing_rules_hold
from tuchanka.topology.types import Topology

CHECKS: tuple[Callable[[Topology], Iterator[Said]], ...] = (
    names_are_unique,
    addresses_are_unique,
    addresses_are_inside,
    clusters_keep_quorum,
    fencing_holds,
    instances_have_room,
    replication_is_chosen,
    failback_is_safe,
    settings_keep_guarantees,
    settings_of_services_are_theirs,
    services_leave_guarantees_alone,
    machines_run_something,
    archive_is_of_use,
    timing_rules_hold,
)


def lint(topology: Topology) -> tuple[Finding, ...]:
    """Return every finding: the file's names and addresses first, then cluster by cluster, then the timing rules.

    An error means that the lab can't work, or can't survive a fault that it is there to survive; a warning is
    something the owner should know. Raises TopologyError for an unknown profile or override, like ``usable``.
    """
    return tuple(
        Finding(one.severity, topology.source, one.key, one.what, one.instead)
        for check in CHECKS
        for one in check(topology)
    )
