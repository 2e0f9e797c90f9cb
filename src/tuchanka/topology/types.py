"""The topology as every other module sees it: frozen, complete, already cross-checked.

Made by ``topology.load`` from the input model; nothing here does I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Address, IPv4Network
from typing import Literal, Protocol, TypeAlias, TypeVar

from tuchanka.errors import UnknownName


class _HasName(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_HasName)
FencingLevel: TypeAlias = Literal["device", "watchdog"]


@dataclass(frozen=True, slots=True)
class Site:
    """A data centre."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One machine of a cluster; ``bmc`` is the address of the BMC that its provider gives it."""

    name: str
    address: IPv4Address
    site: str
    bmc: IPv4Address | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """The machine that runs corosync-qnetd, the quorum device of every cluster with ``witness = true``."""

    name: str
    address: IPv4Address
    site: str


@dataclass(frozen=True, slots=True)
class ServiceMachine:
    """A machine beside the clusters that runs optional services (``services``), by their names."""

    name: str
    address: IPv4Address
    site: str
    runs: tuple[str, ...] = ()


AnyMachine: TypeAlias = Node | Witness | ServiceMachine


@dataclass(frozen=True, slots=True)
class Vip:
    """A floating IP address kept by Pacemaker; ``name`` is also its host name."""

    name: str
    address: IPv4Address


@dataclass(frozen=True, slots=True)
class Synchronous:
    """Synchronous replication: how many standbys must confirm a commit, and which are asked first.

    ``method`` is PostgreSQL's ``FIRST`` or ``ANY``. With ``other_site_first`` the list is rendered per node,
    the nodes of the other sites before those of its own, so that it is right whichever node is primary.
    """

    method: Literal["FIRST", "ANY"]
    count: int
    other_site_first: bool = False


@dataclass(frozen=True, slots=True)
class Instance:
    """A PostgreSQL database cluster (data directory, port), kept by PAF on ``nodes``; ``home`` is preferred.

    ``failback``: whether the primary goes back to ``home`` by itself, or waits for a switchover. ``settings`` are the
    last lines of postgresql.conf; ``accept`` names those that are meant although they give up a guarantee.
    ``archive``: whether it is archived, where the topology has an archive.
    """

    name: str
    port: int
    home: str
    nodes: tuple[str, ...]
    primary_vip: Vip
    standby_vips: tuple[Vip, ...] = ()
    synchronous: Synchronous | None = None
    failback: Literal["wait", "automatic"] = "wait"
    settings: Mapping[str, str] = field(default_factory=dict)
    accept: tuple[str, ...] = ()
    archive: bool = True

    @property
    def vips(self) -> tuple[Vip, ...]:
        """The primary VIP, then the standby VIPs."""
        return (self.primary_vip, *self.standby_vips)


@dataclass(frozen=True, slots=True)
class FencingDevice:
    """What switches a node off: an installed fence agent with its parameters.

    The password is in ``password_file`` (absolute), or, of a BMC that the lab makes, the lab's own (``bmc``).
    """

    node: str
    agent: str
    parameters: Mapping[str, str]
    password_file: str | None = None
    bmc: bool = False


@dataclass(frozen=True, slots=True)
class Fencing:
    """What makes sure that a lost node is off: ``levels`` in the order in which they are tried, a device per node."""

    levels: tuple[FencingLevel, ...] = ("watchdog",)
    devices: tuple[FencingDevice, ...] = ()

    @property
    def watchdog(self) -> bool:
        """Whether a lost node's own watchdog is counted on."""
        return "watchdog" in self.levels

    @property
    def device(self) -> bool:
        """Whether devices are asked to switch nodes off."""
        return "device" in self.levels

    def device_of(self, node: str) -> FencingDevice | None:
        """Return what switches the node off."""
        return next((device for device in self.devices if device.node == node), None)


WATCHDOG = Fencing()
"""The nodes' own watchdogs alone."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Pacemaker/Corosync cluster; ``postgresql`` is the major version of its instances."""

    name: str
    nodes: tuple[Node, ...]
    instances: tuple[Instance, ...]
    witness: bool
    postgresql: int
    fencing: Fencing = WATCHDOG

    def node(self, name: str) -> Node:
        """Return the node called ``name``."""
        return _named("node", name, self.nodes)

    def instance(self, name: str) -> Instance:
        """Return the instance called ``name``."""
        return _named("instance", name, self.instances)


@dataclass(frozen=True, slots=True)
class Network:
    """The lab's network; ``host`` is the address of the lab's own network namespace."""

    subnet: IPv4Network
    host: IPv4Address


@dataclass(frozen=True, slots=True)
class Limits:
    """What one machine may use: bytes of memory, number of processes and threads, bytes of each disk."""

    memory_bytes: int
    processes: int
    root_disk_bytes: int
    data_disk_bytes: int


@dataclass(frozen=True, slots=True)
class Helpers:
    """What is added to the stock stack, each on or off; docs/helpers.md says what each is for."""

    first_aid: bool = True
    postgres_watch: bool = True
    pacemaker_watch: bool = True
    paf_order: bool = True
    paf_shortcuts: bool = True
    forget_address: bool = True
    refuse_elsewhere: bool = True
    caught_up: bool = True
    fencing_at_once: bool = True


ALL = Helpers()
STOCK = Helpers(*(False for _ in fields(Helpers)))
"""Plain PAF and plain Pacemaker."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Where log and backups go, how often, and for how long.

    The store is an S3 service at ``endpoint`` (a host) and ``port``; ``store`` is the machine of the lab that runs
    it, and without one ``key_file`` (access key and secret key, a line each) and ``ca_file`` are absolute paths of
    the user's files. Times are in seconds. ``limit`` is a share of the data disk, like ``25%``, or a number of bytes.
    """

    endpoint: str
    port: int
    bucket: str
    region: str
    store: str | None
    key_file: str | None
    ca_file: str | None
    full_s: int
    differential_s: int
    keep_s: int
    timeout_s: int
    limit: str
    when_stuck: Literal["drop", "wait"]
    backup_from: Literal["standby", "primary"]


@dataclass(frozen=True, slots=True)
class Topology:
    """One lab: its machines, clusters, networks and the timing profile with its overrides.

    ``source`` is the file name shown in findings. ``overrides`` maps a timeout to a value.
    """

    name: str
    source: str
    domain: str
    provider: str
    profile: str
    overrides: Mapping[str, float]
    locale: str
    timezone: str
    network: Network
    sites: tuple[Site, ...]
    witness: Witness | None
    clusters: tuple[Cluster, ...]
    limits: Limits
    ssh_public_key: str | None = None
    helpers: Helpers = ALL
    services: tuple[ServiceMachine, ...] = ()
    archive: Archive | None = None

    def cluster(self, name: str) -> Cluster:
        """Return the cluster called ``name``."""
        return _named("cluster", name, self.clusters)

    def cluster_of(self, node: str) -> Cluster:
        """Return the cluster that the node belongs to."""
        for cluster in self.clusters:
            if any(member.name == node for member in cluster.nodes):
                return cluster
        raise UnknownName("node", node, [member.name for c in self.clusters for member in c.nodes])

    def cluster_with_instance(self, instance: str) -> Cluster:
        """Return the cluster that keeps the instance."""
        for cluster in self.clusters:
            if any(member.name == instance for member in cluster.instances):
                return cluster
        raise UnknownName("instance", instance, [i.name for c in self.clusters for i in c.instances])

    def postgresql_of(self, instance: str) -> int:
        """Return the major version of PostgreSQL of the instance."""
        return self.cluster_with_instance(instance).postgresql

    @property
    def versions(self) -> tuple[int, ...]:
        """Every major version of PostgreSQL that a cluster needs, in order."""
        return tuple(sorted({cluster.postgresql for cluster in self.clusters}))

    @property
    def machines(self) -> tuple[AnyMachine, ...]:
        """Every machine, cluster by cluster; those that keep no instance last: the witness, then the services'."""
        nodes = [node for cluster in self.clusters for node in cluster.nodes]
        return (*nodes, *([self.witness] if self.witness else ()), *self.services)

    @property
    def bmcs(self) -> dict[str, IPv4Address]:
        """Node → the address of its virtual BMC, of those that have one."""
        return {node.name: node.bmc for cluster in self.clusters for node in cluster.nodes if node.bmc is not None}

    def is_node(self, name: str) -> bool:
        """Say whether the machine belongs to a cluster."""
        return any(node.name == name for cluster in self.clusters for node in cluster.nodes)

    def machine(self, name: str) -> AnyMachine:
        """Return the machine called ``name``."""
        return _named("machine", name, self.machines)


def _named(kind: str, name: str, choice: tuple[N, ...]) -> N:
    for one in choice:
        if one.name == name:
            return one
    raise UnknownName(kind, name, [one.name for one in choice])
