"""The history: typed, append-only events, one JSON object a line (``history.jsonl``).

Every ``t`` (and ``sent``) is seconds of ``CLOCK_MONOTONIC`` of the host that measures; ``Clock`` events tie it to
wall-clock time. What judges a trial (``analysis``, ``report``) reads these events and nothing else. No event ever
holds a secret.
"""

from tuchanka.events.beats import (
    Clock,
    Outcome,
    Read,
    RecorderLate,
    RoleProbe,
    Streaming,
    VipAnnounced,
    VipHolders,
    Write,
)
from tuchanka.events.event import Event
from tuchanka.events.facts import ArchiveFacts, CopyFacts, NodeFacts, QuorumFacts
from tuchanka.events.lines import KINDS, from_json, read_history, to_json
from tuchanka.events.nodes import Audited, ClocksCompared, Journal, MachineStopped
from tuchanka.events.points import JournalRule
from tuchanka.events.trials import (
    CampaignPlanned,
    CommitsCounted,
    EvidenceKept,
    FaultHealed,
    FaultInjected,
    Healthy,
    RestoreStarted,
    RolledBack,
    RunStarted,
    ServiceHeld,
    ServiceStable,
    TrialEnded,
    TrialStarted,
)

__all__ = [
    "KINDS",
    "ArchiveFacts",
    "Audited",
    "CampaignPlanned",
    "Clock",
    "ClocksCompared",
    "CommitsCounted",
    "CopyFacts",
    "Event",
    "EvidenceKept",
    "FaultHealed",
    "FaultInjected",
    "Healthy",
    "Journal",
    "JournalRule",
    "MachineStopped",
    "NodeFacts",
    "Outcome",
    "QuorumFacts",
    "Read",
    "RecorderLate",
    "RestoreStarted",
    "RoleProbe",
    "RolledBack",
    "RunStarted",
    "ServiceHeld",
    "ServiceStable",
    "Streaming",
    "TrialEnded",
    "TrialStarted",
    "VipAnnounced",
    "VipHolders",
    "Write",
    "from_json",
    "read_history",
    "to_json",
]
