"""What the nodes and their machines show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from tuchanka.events.event import Event
from tuchanka.events.facts import NodeFacts


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
    """A machine stopped running at ``t``, as its provider saw it.

    ``reason`` is watchdog, bmc (its own, or one that takes it for another), power-off, reset, or ended.
    ``frozen`` and ``thawed`` are when it was last frozen before, and when it went on, if it did (monotonic seconds).
    """

    kind: ClassVar[str] = "machine-stopped"
    node: str
    reason: str
    frozen: float | None = None
    thawed: float | None = None


@dataclass(frozen=True, slots=True)
class Audited(Event):
    """What a node showed after the trial (``found``) and before it (``before``).

    ``power_log``: its machine's provider remembers when it stopped, so that no ``machine-stopped`` means no stop.
    """

    kind: ClassVar[str] = "audited"
    trial: int
    node: str
    found: NodeFacts
    before: NodeFacts
    power_log: bool = False

    def values(self) -> dict[str, Any]:
        """Return the event's values as JSON holds them; without a power log there is no word of it, as of old."""
        return {
            "t": self.t,
            "trial": self.trial,
            "node": self.node,
            "found": self.found.encoded(),
            "before": self.before.encoded(),
        } | ({"power_log": True} if self.power_log else {})

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the event with these values of JSON."""
        facts = {name: NodeFacts.of(values[name]) for name in ("found", "before")}
        logged = values.get("power_log", False)
        return cls(t=values["t"], trial=values["trial"], node=values["node"], **facts, power_log=logged)
