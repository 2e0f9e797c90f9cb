"""The hooks of an optional service. Each adds nothing, unless a service overrides it.

A service is one module with a subclass of ``Service``, and an entry in ``registry.SERVICES``. It says what it adds;
``registry`` asks all services that a topology uses, and stages, rendering and campaigns put it in its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tuchanka.files import File
from tuchanka.topology.types import Cluster, Instance, Topology

TLS_CERTIFICATE = "/etc/tuchanka/tls.pem"
"""A machine's own certificate, and behind it the authority's."""
TLS_KEY = "/etc/tuchanka/tls.key"
LAB_CA = "/etc/tuchanka/ca.pem"
"""The certificate of the lab's own authority, on every machine of a lab with a service that speaks TLS."""


@dataclass(frozen=True, slots=True)
class Sql:
    """Statements, each with its semicolon, that the superuser runs once in a database of a new instance."""

    database: str
    statements: str


class Service:
    """One optional service.

    ``on_machines``: whether it runs on machines of its own, named in ``runs`` of ``[services.NAME]``; then it is used
    where a machine runs it. ``faults`` are the names of the faults (``faults.catalogue``) that need the service.
    """

    name: ClassVar[str]
    on_machines: ClassVar[bool] = True
    faults: ClassVar[tuple[str, ...]] = ()

    def used(self, topology: Topology) -> bool:
        """Say whether the topology has the service."""
        return any(self.name in machine.runs for machine in topology.services)

    def packages(self, topology: Topology) -> tuple[str, ...]:
        """Return the Debian packages that the nodes of the clusters need for it."""
        del topology
        return ()

    def machine_packages(self) -> tuple[str, ...]:
        """Return the Debian packages that the machines need on which it runs."""
        return ()

    def files(self, topology: Topology, machine: str) -> Mapping[str, File]:
        """Return path → file on a machine: a node, the witness or one of ``[services.NAME]``."""
        del topology, machine
        return {}

    def settings(self, topology: Topology, cluster: Cluster, instance: Instance, node: str) -> Mapping[str, str]:
        """Return PostgreSQL parameter → value on a node; an instance's own ``settings`` can't have them then."""
        del topology, cluster, instance, node
        return {}

    def hba(self, topology: Topology, cluster: Cluster, instance: Instance, node: str) -> tuple[str, ...]:
        """Return lines of pg_hba.conf: they come after those of replication, before the general rule."""
        del topology, cluster, instance, node
        return ()

    def secrets(self) -> tuple[str, ...]:
        """Return the names of the passwords that the lab makes for it; the names of all services share one space."""
        return ()

    def sql(self, instance: Instance, secrets: Mapping[str, str]) -> tuple[Sql, ...]:
        """Return what a new instance needs, in this order; ``secrets`` maps the names of ``secrets`` to passwords."""
        del instance, secrets
        return ()

    def secret_files(self, topology: Topology, machine: str, secrets: Mapping[str, str]) -> Mapping[str, File]:
        """Return path → file that holds passwords; ``secrets`` maps the names of ``secrets`` to them."""
        del topology, machine, secrets
        return {}

    def certified(self, topology: Topology, machine: str) -> bool:
        """Say whether the machine needs a certificate of the lab's authority."""
        del topology, machine
        return False

    def prepare(self, topology: Topology, machine: str) -> str:
        """Return a shell script that a machine runs once its files are in place; it may be repeated."""
        del topology, machine
        return ""

    def units(self, topology: Topology, machine: str) -> tuple[str, ...]:
        """Return the units of systemd that start on boot on a machine."""
        del topology, machine
        return ()

    def check(self, topology: Topology, machine: str) -> str:
        """Return a shell script that prints a line for each problem of the service on a machine; empty for none."""
        del topology, machine
        return ""

    def promises(self, topology: Topology, cluster: Cluster, instance: Instance) -> Mapping[str, str]:
        """Return check (``analysis.checks.catalogue``) → promise that every trial of the instance has besides."""
        del topology, cluster, instance
        return {}
