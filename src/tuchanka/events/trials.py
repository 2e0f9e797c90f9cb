"""What a campaign does: runs, trials and their stages."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from tuchanka.events.event import Event


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
    """The trial ended; ``problem`` says what kept it from its end, and is empty where nothing did.

    ``interrupted``: the campaign was cancelled during the trial. Histories that are older than this value have the
    problem "interrupted" instead.
    """

    kind: ClassVar[str] = "trial-ended"
    trial: int
    problem: str = ""
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class EvidenceKept(Event):
    """The nodes' own words about a failed trial were kept in ``folder``, beside the history."""

    kind: ClassVar[str] = "evidence-kept"
    trial: int
    folder: str


@dataclass(frozen=True, slots=True)
class RolledBack(Event):
    """The trial left a cluster that could not be repaired; it went back to ``snapshot`` and was started anew."""

    kind: ClassVar[str] = "rolled-back"
    trial: int
    cluster: str
    snapshot: str
