"""What the heartbeat's recorder sees: writes, reads, roles, addresses, and its own clock."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from tuchanka.events.event import Event

Outcome = Literal["acknowledged", "warned", "refused", "indeterminate"]


@dataclass(frozen=True, slots=True)
class Clock(Event):
    """At monotonic ``t`` the wall clock of the host read ``wall`` (seconds since the epoch)."""

    kind: ClassVar[str] = "clock"
    wall: float


@dataclass(frozen=True, slots=True)
class Write(Event):
    """One beat of the writer through the primary VIP, planned for ``due``; ``t`` is when its outcome was known.

    ``acknowledged``: the COMMIT was answered. ``warned``: it was answered with a warning (in ``error``), as it is
    where the wait for a synchronous standby was cancelled. ``refused``: the server said no, or the statement was
    never sent. ``indeterminate``: the statement was sent and its answer never came.
    """

    kind: ClassVar[str] = "write"
    instance: str
    seq: int
    due: float
    sent: float
    outcome: Outcome
    error: str = ""


@dataclass(frozen=True, slots=True)
class Read(Event):
    """One beat of a reader through a standby VIP; ``t`` is when the answer came or was given up.

    ``ok`` is false where nothing was read. ``seq`` is the newest sequence number seen (0: none yet) and ``age`` the
    seconds between that row's writing and ``t``. ``connection`` is the number of the connection that was read from
    (one reader's connections are numbered from 1, each leads to one server); None where none was, or in histories
    that are older than this number.
    """

    kind: ClassVar[str] = "read"
    instance: str
    vip: str
    due: float
    ok: bool
    seq: int = 0
    age: float = 0.0
    error: str = ""
    connection: int | None = None


@dataclass(frozen=True, slots=True)
class RoleProbe(Event):
    """What a node answered, asked directly whether it would accept a write between ``due`` and ``t``.

    ``lsn`` is the log position in bytes that it had (a primary: written, a standby: received); None where it didn't
    say. ``closed``: it is unreachable because its kernel or server answered that nobody is let in now.
    """

    kind: ClassVar[str] = "role-probe"
    instance: str
    node: str
    due: float
    role: Literal["primary", "standby", "unreachable"]
    lsn: int | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Streaming(Event):
    """The standbys that a primary sees, asked at ``due``: name → ``state/sync_state`` of pg_stat_replication."""

    kind: ClassVar[str] = "streaming"
    instance: str
    node: str
    due: float
    standbys: dict[str, str]


@dataclass(frozen=True, slots=True)
class VipHolders(Event):
    """Who answered one ARP request for a VIP, sent at ``due``; ``t`` is when the last answer came (or ``due``).

    ``nodes`` are the names of the nodes, or the hardware address where it is no node's.
    """

    kind: ClassVar[str] = "vip-holders"
    instance: str
    vip: str
    due: float
    nodes: list[str]


@dataclass(frozen=True, slots=True)
class VipAnnounced(Event):
    """A node told the network, unasked, that a VIP is there (gratuitous ARP)."""

    kind: ClassVar[str] = "vip-announced"
    instance: str
    vip: str
    node: str


@dataclass(frozen=True, slots=True)
class RecorderLate(Event):
    """The recorder itself missed its rate: a beat due at ``due`` was only started at ``t``."""

    kind: ClassVar[str] = "recorder-late"
    what: str
    due: float
