"""Every service, and what those that a topology uses add together. Pure."""

from collections.abc import Mapping

from tuchanka.errors import TopologyError
from tuchanka.files import File
from tuchanka.services.archive.service import ArchiveService
from tuchanka.services.base import Service, Sql
from tuchanka.services.heartbeat import Heartbeat
from tuchanka.services.store.service import StoreService
from tuchanka.topology.types import Cluster, Instance, Topology

SERVICES: tuple[Service, ...] = (Heartbeat(), StoreService(), ArchiveService())


def must_be_provided(topology: Topology) -> None:
    """Refuse a machine that is to run a service that isn't there.

    Raises:
        TopologyError: file, key, what and hint.
    """
    known = [service.name for service in SERVICES if service.on_machines]
    for machine in topology.services:
        for index, name in enumerate(machine.runs):
            if name not in known:
                raise TopologyError(
                    f"there is no service called {name!a}",
                    where=f"{topology.source}: services.{machine.name}.runs[{index}]",
                    hint=f"choose from: {', '.join(known)}" if known else "remove it: there is none yet",
                )


def used(topology: Topology) -> tuple[Service, ...]:
    """Return the services that the topology has."""
    return tuple(service for service in SERVICES if service.used(topology))


def packages(topology: Topology) -> tuple[str, ...]:
    """Return the packages that the nodes need for the services, each once."""
    return tuple(dict.fromkeys(name for service in used(topology) for name in service.packages(topology)))


def files(topology: Topology, machine: str) -> dict[str, File]:
    """Return path → file of the services on a machine."""
    return {path: file for service in used(topology) for path, file in service.files(topology, machine).items()}


def settings(topology: Topology, cluster: Cluster, instance: Instance, node: str) -> dict[str, str]:
    """Return PostgreSQL parameter → value of the services on a node of the instance."""
    return {
        name: value
        for service in used(topology)
        for name, value in service.settings(topology, cluster, instance, node).items()
    }


def hba(topology: Topology, cluster: Cluster, instance: Instance, node: str) -> tuple[str, ...]:
    """Return the services' lines of pg_hba.conf on a node of the instance."""
    return tuple(line for service in used(topology) for line in service.hba(topology, cluster, instance, node))


def secrets(topology: Topology) -> tuple[str, ...]:
    """Return the names of the services' passwords."""
    return tuple(dict.fromkeys(name for service in used(topology) for name in service.secrets()))


def machine_packages(topology: Topology) -> tuple[str, ...]:
    """Return the packages that the machines beside the clusters need, each once."""
    return tuple(
        dict.fromkeys(
            name for service in used(topology) if service.on_machines for name in service.machine_packages()
        )
    )


def secret_files(topology: Topology, machine: str, passwords: Mapping[str, str]) -> dict[str, File]:
    """Return path → file of the services on a machine that hold passwords."""
    return {
        path: file
        for service in used(topology)
        for path, file in service.secret_files(topology, machine, passwords).items()
    }


def certified(topology: Topology) -> tuple[str, ...]:
    """Return the machines that need a certificate of the lab's authority."""
    services = used(topology)
    return tuple(
        machine.name
        for machine in topology.machines
        if any(service.certified(topology, machine.name) for service in services)
    )


def prepare(topology: Topology, machine: str) -> tuple[str, ...]:
    """Return the scripts that a machine runs once its files are in place."""
    return tuple(script for service in used(topology) if (script := service.prepare(topology, machine)))


def units(topology: Topology, machine: str) -> tuple[str, ...]:
    """Return the units of systemd that start on boot on a machine."""
    return tuple(unit for service in used(topology) for unit in service.units(topology, machine))


def sql(topology: Topology, instance: Instance, passwords: Mapping[str, str]) -> tuple[Sql, ...]:
    """Return what the services run in a new instance, in this order."""
    return tuple(one for service in used(topology) for one in service.sql(instance, passwords))


def checks(topology: Topology, machine: str) -> tuple[str, ...]:
    """Return the scripts that print the problems of the services on a machine."""
    return tuple(script for service in used(topology) if (script := service.check(topology, machine)))


def needed_by(fault: str, topology: Topology) -> str:
    """Return the name of a service that the fault needs and the topology hasn't; empty if there is none."""
    there = used(topology)
    return next((one.name for one in SERVICES if fault in one.faults and one not in there), "")


def machines_for(fault: str, topology: Topology) -> tuple[str, ...]:
    """Return the machines with a service that the fault needs, the store of the archive first."""
    needed = {one.name for one in SERVICES if one.on_machines and fault in one.faults}
    own = topology.archive.store if topology.archive else ""
    found = [machine.name for machine in topology.services if needed.intersection(machine.runs)]
    return tuple(sorted(found, key=lambda name: name != own))


def promises(topology: Topology, cluster: Cluster, instance: Instance) -> dict[str, str]:
    """Return check → promise of the services, for every trial of the instance."""
    return {
        name: text
        for service in used(topology)
        for name, text in service.promises(topology, cluster, instance).items()
    }
