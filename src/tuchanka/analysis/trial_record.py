"""One trial's part of a history: the events that belong to it, each kind on its own, in order of time.

Trials of different clusters may overlap. What carries a trial's number belongs to that trial; a beat belongs to
the trial of its instance during which it was due; a journal line to every trial under way.
"""

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from tuchanka.events import (
    Audited,
    CommitsCounted,
    Event,
    FaultHealed,
    FaultInjected,
    Healthy,
    Journal,
    MachineStopped,
    Read,
    RecorderLate,
    RestoreStarted,
    RoleProbe,
    ServiceStable,
    Streaming,
    TrialEnded,
    TrialStarted,
    VipAnnounced,
    VipHolders,
    Write,
)
from tuchanka.events.fencings import Fencing

E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Watched:
    """What the heartbeat and the counts say of one instance, in order of ``seq`` or ``due``;
    ``nodes`` have its copies.
    """

    instance: str
    nodes: tuple[str, ...] = ()
    writes: tuple[Write, ...] = ()
    reads: tuple[Read, ...] = ()
    probes: tuple[RoleProbe, ...] = ()
    streaming: tuple[Streaming, ...] = ()
    holders: tuple[VipHolders, ...] = ()
    counted: tuple[CommitsCounted, ...] = ()


@dataclass(frozen=True)
class TrialRecord:
    """The events of one trial. ``writes`` are in order of ``seq``, other beats of ``due``, the rest of ``t``.

    What is of one instance is of the trial's; ``watched`` has it of every instance of the cluster, the trial's
    first, because harm counts wherever it is done.

    Times are seconds of CLOCK_MONOTONIC; None where it didn't come to that. ``end`` is infinite where the trial
    didn't end. ``fencings`` are what the journals tell, None as long as nobody has read them for that.
    """

    started: TrialStarted
    writes: tuple[Write, ...] = ()
    reads: tuple[Read, ...] = ()
    probes: tuple[RoleProbe, ...] = ()
    late: tuple[RecorderLate, ...] = ()
    journal: tuple[Journal, ...] = ()
    injected: float | None = None
    healed: float | None = None
    stable: float | None = None
    counted: tuple[CommitsCounted, ...] = ()
    restore: RestoreStarted | None = None
    healthy: tuple[float, ...] = ()
    ended: TrialEnded | None = None
    watched: tuple[Watched, ...] = ()
    announced: tuple[VipAnnounced, ...] = ()
    stops: tuple[MachineStopped, ...] = ()
    audits: tuple[Audited, ...] = ()
    fencings: tuple[Fencing, ...] | None = None

    @property
    def own(self) -> Watched:
        """What the heartbeat says of the trial's instance."""
        return self.watched[0] if self.watched else Watched(self.started.instance)

    @property
    def hit(self) -> tuple[str, ...]:
        """The machines that the fault hit."""
        return tuple(self.started.broken) or (self.started.target,)

    @property
    def end(self) -> float:
        """When the trial ended."""
        return self.ended.t if self.ended else math.inf

    @property
    def vips(self) -> tuple[str, ...]:
        """The standby VIPs that were read through, sorted."""
        return tuple(sorted({read.vip for read in self.reads}))

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that were asked for their role, sorted."""
        return tuple(sorted({probe.node for probe in self.probes}))


@dataclass
class _Numbered:
    """What carries the number of one trial."""

    events: list[Event] = field(default_factory=list)

    def of(self, kind: type[E]) -> tuple[E, ...]:
        return tuple(sorted((one for one in self.events if isinstance(one, kind)), key=lambda one: one.t))

    def first_time(self, kind: type[E]) -> float | None:
        found = self.of(kind)
        return found[0].t if found else None


def trial_records(events: Iterable[Event]) -> tuple[TrialRecord, ...]:
    """Return the trials of a history in the order they started.

    The order of the events in the history doesn't matter: journals are read after the fact. Where a number was
    started twice, the later trial counts.
    """
    every = tuple(events)
    starts = sorted((one for one in every if isinstance(one, TrialStarted)), key=lambda one: one.t)
    numbered = {start.trial: _Numbered([start]) for start in starts}
    for event in every:
        number = getattr(event, "trial", None)
        if isinstance(event, TrialStarted) or number not in numbered:
            continue
        if event.t >= numbered[number].events[0].t:
            numbered[number].events.append(event)
    beats = _Beats(every)
    trials = (_record(beats, own) for own in numbered.values())
    return tuple(sorted(trials, key=lambda trial: (trial.started.t, trial.started.trial)))


class _Beats:
    """All events by kind, instance and time: a campaign of hundreds of trials has millions of them."""

    def __init__(self, every: Iterable[Event]) -> None:
        found: dict[tuple[type[Event], str | None], list[Event]] = defaultdict(list)
        for one in every:
            found[type(one), getattr(one, "instance", None)].append(one)
        self._sorted = {key: sorted(events, key=_due) for key, events in found.items()}

    def during(self, kind: type[E], instance: str, begin: float, end: float) -> list[E]:
        """Return the events of a kind that were due then, and are of the instance or of none."""
        both = (self._sorted.get((kind, name), []) for name in (instance, None))
        return [one for events in both for one in _between(events, begin, end) if isinstance(one, kind)]


def _due(event: Event) -> float:
    due: float = getattr(event, "due", event.t)
    return due


def _between(events: list[Event], begin: float, end: float) -> list[Event]:
    return events[bisect_left(events, begin, key=_due) : bisect_right(events, end, key=_due)]


def _record(every: _Beats, own: _Numbered) -> TrialRecord:
    started = own.of(TrialStarted)[0]
    ended = own.of(TrialEnded)
    restores = own.of(RestoreStarted)
    begin, end = started.t, ended[-1].t if ended else math.inf
    counted = own.of(CommitsCounted)

    def beats(kind: type[E], instance: str = started.instance) -> tuple[E, ...]:
        return tuple(every.during(kind, instance, begin, end))

    def watched(name: str) -> Watched:
        probes = beats(RoleProbe, name)
        return Watched(
            instance=name,
            nodes=tuple(started.instances.get(name) or sorted({probe.node for probe in probes})),
            writes=tuple(sorted(beats(Write, name), key=lambda one: (one.seq, one.t))),
            reads=tuple(sorted(beats(Read, name), key=lambda one: (one.due, one.t))),
            probes=tuple(sorted(probes, key=lambda one: (one.due, one.t))),
            streaming=tuple(sorted(beats(Streaming, name), key=lambda one: (one.due, one.t))),
            holders=beats(VipHolders, name),
            counted=tuple(one for one in counted if one.instance == name),
        )

    ours, *others = [watched(name) for name in dict.fromkeys((started.instance, *started.instances))]
    return TrialRecord(
        started=started,
        writes=ours.writes,
        reads=ours.reads,
        probes=ours.probes,
        late=tuple(sorted(beats(RecorderLate), key=lambda one: one.t)),
        journal=tuple(sorted(beats(Journal), key=lambda one: one.t)),
        injected=own.first_time(FaultInjected),
        healed=own.first_time(FaultHealed),
        stable=own.first_time(ServiceStable),
        counted=counted,
        restore=restores[0] if restores else None,
        healthy=tuple(one.t for one in own.of(Healthy)),
        ended=ended[-1] if ended else None,
        watched=(ours, *others),
        announced=beats(VipAnnounced),
        stops=beats(MachineStopped),
        audits=own.of(Audited),
    )
