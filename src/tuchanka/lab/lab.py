"""A deployment at run time: the frozen topology, its folder, and its machines.

A lab is one on machines of our own, made by a provider, with a stack on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tuchanka.lab import keys, record, secrets
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.secrets import Secrets
from tuchanka.lab.stack import Stack
from tuchanka.providers.base import Machine, Node, Provider
from tuchanka.services import registry
from tuchanka.topology.types import Cluster, Topology


class Deployment(Protocol):
    """Clusters on machines that can run commands and take files, and need not be able to do more.

    Whatever is typed with it works on servers, too: mypy proves that it asks no machine for a lab's capabilities.
    """

    @property
    def topology(self) -> Topology:
        """What was asked for."""

    @property
    def path(self) -> Path:
        """The state folder."""

    def machine(self, name: str) -> Node:
        """Return the machine called ``name``, if the topology has it."""

    def nodes(self, cluster: Cluster) -> tuple[Node, ...]:
        """Return the machines of a cluster."""

    def machines_of(self, clusters: tuple[Cluster, ...]) -> tuple[Node, ...]:
        """Return the machines of the clusters, after the witness if any of them needs it, and the services'."""

    def inside(self, argv: Sequence[str]) -> list[str]:
        """Return the command of this host that runs ``argv`` where the clusters' addresses can be reached."""

    def secrets(self) -> Secrets:
        """Return the passwords and keys, made on the first call."""


@dataclass(frozen=True, slots=True)
class Lab:
    """Everything that a stage, an operation or a trial needs; nothing in it changes."""

    folder: LabFolder
    topology: Topology
    provider: Provider
    stack: Stack

    @property
    def path(self) -> Path:
        """The state folder."""
        return self.folder.path

    def machine(self, name: str) -> Machine:
        """Return the machine called ``name``, if the topology has it."""
        return self.provider.machine(self.topology.machine(name).name)

    def nodes(self, cluster: Cluster) -> tuple[Machine, ...]:
        """Return the machines of a cluster."""
        return tuple(self.machine(node.name) for node in cluster.nodes)

    def machines_of(self, clusters: tuple[Cluster, ...]) -> tuple[Machine, ...]:
        """Return the machines of the clusters, after the witness if any of them needs it, and the services'."""
        witness = self.topology.witness
        needed = [witness.name] if witness and any(cluster.witness for cluster in clusters) else []
        needed += [machine.name for machine in self.topology.services]
        return tuple(self.machine(name) for name in (*needed, *(n.name for c in clusters for n in c.nodes)))

    def stages(self, name: str) -> tuple[str, ...]:
        """Return the stages that the machine has behind it, in order."""
        return self._record().get(name, ())

    def reached(self, name: str) -> str | None:
        """Return the last stage that the machine has behind it."""
        return next(reversed(self.stages(name)), None)

    def made(self, name: str) -> bool:
        """Say whether the machine has any stage behind it."""
        return bool(self.stages(name))

    def keep_stages(self, name: str, stages: Sequence[str]) -> None:
        """Write down which stages the machine has behind it; the caller holds the lab's lock."""
        record.write(self.folder.record_file, {**self._record(), name: stages})

    def _record(self) -> record.Record:
        kept = record.read(self.folder.record_file)
        if kept is not None:
            return kept
        # The lab was made when its snapshots were the record: each stage ends with one of its name.
        snapshots = {machine.name: self.machine(machine.name).snapshots() for machine in self.topology.machines}
        return {name: tuple(one for one in record.STAGES if one in names) for name, names in snapshots.items()}

    def inside(self, argv: Sequence[str]) -> list[str]:
        """Return the command of this host that runs ``argv`` in the lab's network."""
        return self.provider.inside(argv)

    def secrets(self) -> Secrets:
        """Return the lab's secrets, made on the first call."""
        return secrets.ensure(self.folder, registry.secrets(self.topology))

    def ensure_keys(self) -> None:
        """Make the SSH keys that are missing."""
        keys.ensure(self.folder, self.topology)


_: type[Deployment] = Lab  # mypy checks here that nothing of a deployment is missing
