"""A lab at run time: the frozen topology, its folder, the provider of its machines, and the stack on them."""

from dataclasses import dataclass
from pathlib import Path

from tuchanka.lab import keys, secrets
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.secrets import Secrets
from tuchanka.lab.stack import Stack
from tuchanka.providers.base import Machine, Provider
from tuchanka.topology.types import Cluster, Topology


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
        """Return the machines of the clusters, after the witness if any of them needs it."""
        witness = self.topology.witness
        needed = [witness.name] if witness and any(cluster.witness for cluster in clusters) else []
        return tuple(self.machine(name) for name in (*needed, *(n.name for c in clusters for n in c.nodes)))

    def secrets(self) -> Secrets:
        """Return the lab's secrets, made on the first call."""
        return secrets.ensure(self.folder)

    def ensure_keys(self) -> None:
        """Make the SSH keys that are missing."""
        keys.ensure(self.folder, self.topology)
