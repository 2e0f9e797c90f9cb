"""The heartbeat's last minute: what came of every beat, second by second. No I/O; events go in, figures come out."""

import math
from collections import Counter
from dataclasses import dataclass, field

from tuchanka.events import Event, Read, RoleProbe, Write
from tuchanka.heartbeat.config import Config

MINUTE_S = 60
# The worst of a second is what is shown of it.
WORST = ("indeterminate", "refused", "warned", "not read", "stale", "acknowledged", "read")
# A read that is older than this isn't fresh: ten beats at the usual rate.
STALE_S = 1.0


@dataclass(slots=True)
class Second:
    """One second of one row: outcomes, and of those that came through the latencies or ages in seconds."""

    outcomes: Counter[str] = field(default_factory=Counter)
    figures: list[float] = field(default_factory=list)

    @property
    def worst(self) -> str:
        """The outcome to show; empty where no beat ended."""
        return next((outcome for outcome in WORST if self.outcomes[outcome]), "")


@dataclass(slots=True)
class BeatRow:
    """One writer or reader: its last minute by whole seconds, and counts since the start."""

    seconds: dict[int, Second] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)
    error: str = ""

    def add(self, t: float, outcome: str, figure: float | None, error: str) -> None:
        """Count one beat; seconds that are over a minute ago are forgotten."""
        now = math.floor(t)
        second = self.seconds.setdefault(now, Second())
        second.outcomes[outcome] += 1
        if figure is not None:
            second.figures.append(figure)
        self.totals[outcome] += 1
        self.error = error or self.error
        for old in [one for one in self.seconds if one <= now - MINUTE_S]:
            del self.seconds[old]

    def last(self, now: float, seconds: int) -> list[Second]:
        """Return the last whole seconds before ``now``, oldest first; one without a beat is empty."""
        end = math.floor(now)
        return [self.seconds.get(number, Second()) for number in range(end - seconds, end)]

    def figures(self, now: float) -> list[float]:
        """Return the latencies or ages of the last minute, smallest first."""
        return sorted(figure for second in self.last(now, MINUTE_S) for figure in second.figures)


@dataclass(slots=True)
class InstanceBeats:
    """Everything of one instance; ``roles`` maps a node to what it last answered."""

    writer: BeatRow
    readers: dict[str, BeatRow]
    roles: dict[str, str]


class Beats:
    """Takes the recorder's events."""

    def __init__(self, config: Config) -> None:
        self.t = 0.0
        self.instances = {
            one.name: InstanceBeats(
                BeatRow(), {reader.vip: BeatRow() for reader in one.readers}, {probe.node: "" for probe in one.probes}
            )
            for one in config.instances
        }

    def feed(self, event: Event) -> None:
        """Take one event."""
        self.t = max(self.t, event.t)
        match event:
            case Write():
                came = event.t - event.sent if event.outcome in {"acknowledged", "warned"} else None
                self.instances[event.instance].writer.add(event.t, event.outcome, came, event.error)
            case Read():
                fresh = "read" if event.age <= STALE_S else "stale"
                outcome, age = (fresh, event.age) if event.ok else ("not read", None)
                self.instances[event.instance].readers[event.vip].add(event.t, outcome, age, event.error)
            case RoleProbe():
                self.instances[event.instance].roles[event.node] = event.role


def share(ordered: list[float], part: float) -> float:
    """Return the value that ``part`` of the ordered values don't exceed."""
    return ordered[min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)] if ordered else math.nan
