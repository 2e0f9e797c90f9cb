"""Services and instances don't get in each other's way. Pure."""

from collections.abc import Iterator

from tuchanka.lint.base import Said, instance_key
from tuchanka.postgres.effective import guarded
from tuchanka.services import registry
from tuchanka.topology.types import Topology


def settings_of_services_are_theirs(topology: Topology) -> Iterator[Said]:
    """An instance doesn't set a parameter that a service of the topology needs."""
    for cluster in topology.clusters:
        for instance in cluster.instances:
            taken = {name for node in instance.nodes for name in registry.settings(topology, cluster, instance, node)}
            for name in sorted(taken & instance.settings.keys()):
                what = "a service of the topology sets this parameter"
                yield Said("error", f"{instance_key(cluster, instance)}.settings.{name}", what, "remove it")


def services_leave_guarantees_alone(topology: Topology) -> Iterator[Said]:
    """No service sets what guarantees depend on: ``postgres.effective`` reads the instance's own settings alone."""
    for cluster in topology.clusters:
        for instance in cluster.instances:
            taken = {name for node in instance.nodes for name in registry.settings(topology, cluster, instance, node)}
            for name in sorted(filter(guarded, taken)):
                what = f"a service of the topology sets {name}, which guarantees depend on"
                yield Said("error", instance_key(cluster, instance), what, "leave the service out")


def machines_run_something(topology: Topology) -> Iterator[Said]:
    """A machine for services has one."""
    for machine in topology.services:
        if not machine.runs:
            yield Said("warning", f"services.{machine.name}.runs", "no service runs on it", "name one, or remove it")
