"""What was seen of a live cluster at one moment. Frozen; made by ``observe``, judged by ``health``."""

from dataclasses import dataclass

from tuchanka.events.fencings import Fencing
from tuchanka.providers.base import PowerState, WatchdogState


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node as Pacemaker and its machine show it. ``fail_counts`` maps a resource to its failures there."""

    name: str
    site: str
    power: PowerState
    stack_running: bool
    online: bool
    standby: bool
    maintenance: bool
    unclean: bool
    watchdog: WatchdogState
    fail_counts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Copy:
    """One instance on one node: Pacemaker's role, and what PostgreSQL itself says.

    ``score`` is PAF's promotion score: a standby without a positive one isn't promoted when the primary is lost.
    ``role`` is ``primary``, ``standby`` or ``stopped``. ``lag_bytes`` (of a standby, as the primary sees it) and
    ``sync_state`` are ``None`` where no primary sees it; ``state`` is that of pg_stat_replication.
    """

    node: str
    role: str
    in_recovery: bool | None
    timeline: int | None
    lsn: str | None
    state: str | None
    sync_state: str | None
    lag_bytes: int | None
    score: int | None = None


@dataclass(frozen=True, slots=True)
class InstanceState:
    """An instance and its copies, in the order of the topology."""

    name: str
    copies: tuple[Copy, ...]

    @property
    def primary(self) -> str | None:
        """The node where Pacemaker has promoted it, if there is exactly one."""
        promoted = [copy.node for copy in self.copies if copy.role == "primary"]
        return promoted[0] if len(promoted) == 1 else None

    def copy(self, node: str) -> Copy | None:
        """Return the copy on a node."""
        return next((copy for copy in self.copies if copy.node == node), None)


@dataclass(frozen=True, slots=True)
class VipState:
    """A floating address: for which instance, for which role, and the nodes where Pacemaker has started it."""

    name: str
    address: str
    instance: str
    role: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A node's fencing device: ``nodes`` ask it for its state, and are answered; ``failed``: it failed them lately.

    ``askable``: whether a node is there that could ask. None asks its own, so the last one's can't be asked.
    """

    node: str
    resource: str
    nodes: tuple[str, ...]
    failed: bool
    askable: bool

    @property
    def silent(self) -> bool:
        """Whether it doesn't answer."""
        return self.askable and not self.nodes


@dataclass(frozen=True, slots=True)
class QuorumState:
    """Votes as corosync counts them; ``device``: whether the quorum device gives its vote (``None``: has none)."""

    quorate: bool
    votes: int
    expected: int
    device: bool | None

    def spares(self, votes: int) -> bool:
        """Whether the others keep their quorum without so many votes; true where there is none to keep."""
        return not self.quorate or self.votes - votes > self.expected // 2


@dataclass(frozen=True, slots=True)
class ClusterState:
    """The whole cluster. ``fencing`` is true where Pacemaker may fence; ``maintenance`` where it manages nothing.

    ``devices`` are those of the nodes that have one, ``fenced`` the last fencings, in seconds since 1970.
    """

    name: str
    nodes: tuple[NodeState, ...]
    quorum: QuorumState
    instances: tuple[InstanceState, ...]
    vips: tuple[VipState, ...]
    coordinator: str | None
    fencing: bool
    maintenance: bool
    devices: tuple[DeviceState, ...] = ()
    fenced: tuple[Fencing, ...] = ()

    def node(self, name: str) -> NodeState:
        """Return the node called ``name``."""
        return next(node for node in self.nodes if node.name == name)

    def instance(self, name: str) -> InstanceState:
        """Return the instance called ``name``."""
        return next(instance for instance in self.instances if instance.name == name)

    @property
    def running(self) -> bool:
        """Whether the cluster stack runs on any node."""
        return any(node.stack_running for node in self.nodes)
