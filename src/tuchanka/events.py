"""The history: typed, append-only events, one JSON object a line (``history.jsonl``).

Every ``t`` (and ``sent``) is seconds of ``CLOCK_MONOTONIC`` of the host that measures; ``Clock`` events tie it to
wall-clock time. Whatever judges a trial (``analysis.verdict``, ``analysis.phases``, ``report``) reads these
events and nothing else. No event ever holds a secret.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Literal

from tuchanka.errors import InputError

Outcome = Literal["acknowledged", "refused", "indeterminate"]


@dataclass(frozen=True, slots=True)
class Event:
    """What every event has: when it happened."""

    kind: ClassVar[str] = "event"
    t: float


@dataclass(frozen=True, slots=True)
class Clock(Event):
    """At monotonic ``t`` the wall clock of the host read ``wall`` (seconds since the epoch)."""

    kind: ClassVar[str] = "clock"
    wall: float


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """What is measured, with what, on what. ``versions`` maps a program to its version.

    A run that was interrupted and goes on has another one. ``command`` is the command line that repeats it.
    ``helpers`` says of each helper whether it was in force; empty where that wasn't recorded.
    """

    kind: ClassVar[str] = "run-started"
    lab: str
    profile: str
    provider: str
    cores: int
    versions: dict[str, str] = field(default_factory=dict)
    memory_bytes: int = 0
    command: str = ""
    helpers: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CampaignPlanned(Event):
    """What was asked for, and the trials that follow from it and the seed.

    Each of ``trials`` is number, cluster, instance, fault and target as asked for (a role or a name). ``rounds`` and
    ``duration_s`` (seconds) are null where nothing was said. ``command`` is the command line that repeats it all.
    """

    kind: ClassVar[str] = "campaign-planned"
    seed: int
    clusters: list[str]
    faults: list[str]
    target: str
    rounds: int | None
    duration_s: float | None
    command: str
    trials: list[list[Any]]


@dataclass(frozen=True, slots=True)
class TrialStarted(Event):
    """A trial begins: the cluster was healthy. ``predicted`` maps a phase to its seconds, in order.

    ``instances`` maps every instance of the cluster to its nodes; ``broken`` are the machines that the target stands
    for; ``promises`` maps the checks to be made to what the topology promises (``campaign.promises``; empty: what
    every cluster promises).
    """

    kind: ClassVar[str] = "trial-started"
    trial: int
    cluster: str
    instance: str
    fault: str
    target: str
    target_role: str
    predicted: dict[str, float] = field(default_factory=dict)
    instances: dict[str, list[str]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    promises: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Write(Event):
    """One beat of the writer through the primary VIP, planned for ``due``; ``t`` is when its outcome was known.

    ``acknowledged``: the COMMIT was answered. ``refused``: the server said no, or the statement was never sent.
    ``indeterminate``: the statement was sent and its answer never came.
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
    seconds between that row's writing and ``t``.
    """

    kind: ClassVar[str] = "read"
    instance: str
    vip: str
    due: float
    ok: bool
    seq: int = 0
    age: float = 0.0
    error: str = ""


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


@dataclass(frozen=True, slots=True)
class FaultInjected(Event):
    """The fault took effect at ``t``."""

    kind: ClassVar[str] = "fault-injected"
    trial: int
    fault: str
    target: str


@dataclass(frozen=True, slots=True)
class FaultHealed(Event):
    """The fault was taken back at ``t``."""

    kind: ClassVar[str] = "fault-healed"
    trial: int
    fault: str
    target: str


@dataclass(frozen=True, slots=True)
class ServiceHeld(Event):
    """The fault was left as it was for ``seconds``, until ``t``: the service can't come back before the healing."""

    kind: ClassVar[str] = "service-held"
    trial: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ServiceStable(Event):
    """Writes and fresh reads were back and had stayed back."""

    kind: ClassVar[str] = "service-stable"
    trial: int


@dataclass(frozen=True, slots=True)
class CommitsCounted(Event):
    """The sequence numbers found on the surviving primary, as closed ranges; ``up_to`` was the last sent."""

    kind: ClassVar[str] = "commits-counted"
    trial: int
    instance: str
    node: str
    up_to: int
    ranges: list[list[int]]


@dataclass(frozen=True, slots=True)
class Journal(Event):
    """A line of a node's journal, its time translated to ours. ``unit`` is the syslog identifier."""

    kind: ClassVar[str] = "journal"
    node: str
    unit: str
    message: str


@dataclass(frozen=True, slots=True)
class ClocksCompared(Event):
    """At ``t``, give or take ``error``, the node's clocks read ``monotonic`` and ``wall``, all in seconds.

    ``boot`` is the ID of its boot, as its journal has it; half the time that the answer took is the error.
    """

    kind: ClassVar[str] = "clocks-compared"
    node: str
    boot: str
    monotonic: float
    wall: float
    error: float


@dataclass(frozen=True, slots=True)
class MachineStopped(Event):
    """A machine stopped running at ``t``, as its provider saw it; ``reason`` is watchdog, power-off, reset, ended.

    ``frozen`` and ``thawed`` are when it last stood still before, and when it went on, if it did (monotonic seconds).
    """

    kind: ClassVar[str] = "machine-stopped"
    node: str
    reason: str
    frozen: float | None = None
    thawed: float | None = None


@dataclass(frozen=True, slots=True)
class Audited(Event):
    """What a node showed after the trial (``found``) and before it (``before``): ``stacks.pacemaker.audit_facts``."""

    kind: ClassVar[str] = "audited"
    trial: int
    node: str
    found: dict[str, Any]
    before: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RestoreStarted(Event):
    """A restore of the node began."""

    kind: ClassVar[str] = "restore-started"
    trial: int
    node: str


@dataclass(frozen=True, slots=True)
class Healthy(Event):
    """The cluster was seen healthy again."""

    kind: ClassVar[str] = "healthy"
    trial: int
    cluster: str


@dataclass(frozen=True, slots=True)
class TrialEnded(Event):
    """The trial ended; ``problem`` says what kept it from its end, and is empty where nothing did."""

    kind: ClassVar[str] = "trial-ended"
    trial: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceKept(Event):
    """The nodes' own words about a failed trial were kept in ``folder``, beside the history."""

    kind: ClassVar[str] = "evidence-kept"
    trial: int
    folder: str


@dataclass(frozen=True, slots=True)
class RolledBack(Event):
    """The trial left a cluster that could not be mended; it went back to ``snapshot`` and was started anew."""

    kind: ClassVar[str] = "rolled-back"
    trial: int
    cluster: str
    snapshot: str


KINDS: dict[str, type[Event]] = {
    kind.kind: kind
    for kind in (
        Clock,
        RunStarted,
        CampaignPlanned,
        TrialStarted,
        Write,
        Read,
        RoleProbe,
        Streaming,
        VipHolders,
        VipAnnounced,
        RecorderLate,
        FaultInjected,
        FaultHealed,
        ServiceHeld,
        ServiceStable,
        CommitsCounted,
        Journal,
        ClocksCompared,
        MachineStopped,
        Audited,
        RestoreStarted,
        Healthy,
        TrialEnded,
        EvidenceKept,
        RolledBack,
    )
}


def to_json(event: Event) -> str:
    """Return the event as one line of JSON, without the line's end."""
    return json.dumps({"kind": event.kind, **asdict(event)}, separators=(",", ":"))


def from_json(line: str, *, where: str = "history") -> Event:
    """Read one line of a history.

    Raises:
        InputError: the line is no event of this version.
    """
    try:
        values: dict[str, Any] = json.loads(line)
        kind = KINDS[values.pop("kind")]
        known = {one.name for one in fields(kind)}
        return kind(**{key: value for key, value in values.items() if key in known})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"not an event of a history: {line[:80]!r}", where=where, hint="was the file cut off or edited?"
        ) from error


def read_history(lines: Iterable[str], *, where: str = "history") -> Iterator[Event]:
    """Read a history line by line; an unfinished last line (the writer was killed) is left out."""
    number = 0
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            return
        yield from_json(line, where=f"{where}:{number}")
