"""How harm is put into a forged history: what was recorded of it is changed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.analysis.forged import INJECTED, INSTANCE, NEW, OLD, change, power_loss, standby_fault
from tuchanka.analysis.checks.catalogue import EXAMINERS
from tuchanka.events import (
    Audited,
    CommitsCounted,
    Event,
    NodeFacts,
    Read,
    RoleProbe,
    Streaming,
    TrialStarted,
    VipHolders,
    Write,
)

THIRD, OTHER = "tuchanka2c", "krogan9"
OF_INSTANCE = (Write, Read, RoleProbe, Streaming, VipHolders, CommitsCounted)
# What only a fault beside the clusters promises, these histories don't keep: writes are away in one of them.
ALL = {one.name: one.promise for one in EXAMINERS if one.name != "unhindered"}
Mutate = Callable[[list[Event]], list[Event]]


def promising(events: list[Event]) -> list[Event]:
    """Promise everything that can be promised."""
    return change(events, TrialStarted, lambda event: replace(event, promises=ALL))


def with_third(events: list[Event], ahead: int = 0) -> list[Event]:
    """Add a second standby that had received ``ahead`` bytes of log more when the new primary was promoted."""
    probes = [
        replace(
            event, node=THIRD, role="standby", lsn=(event.lsn or 0) + ahead, due=event.due - 0.05, t=event.t - 0.05
        )
        for event in events
        if isinstance(event, RoleProbe) and event.node == NEW
    ]
    return [*events, *probes]


def swap(kind: type[Any], how: Callable[[Any], Event | None]) -> Mutate:
    return lambda events: change(events, kind, how)


def at(place: str, *path: str, **values: object) -> Mutate:
    """Put values into what a node showed after the trial: the ``primary`` of then, or its ``standby``."""

    def changed(facts: dict[str, Any], left: tuple[str, ...]) -> dict[str, Any]:
        if not left:
            return facts | values
        return facts | {left[0]: changed(facts[left[0]], left[1:])}

    def audit(event: Audited, node: str) -> Audited:
        return (
            replace(event, found=NodeFacts.of(changed(event.found.encoded(), path))) if event.node == node else event
        )

    def mutate(events: list[Event]) -> list[Event]:
        new = any(isinstance(event, TrialStarted) and event.broken == [OLD] for event in events)
        primary, standby = (NEW, OLD) if new else (OLD, NEW)
        return change(events, Audited, lambda event: audit(event, primary if place == "primary" else standby))

    return mutate


def bystander(events: list[Event]) -> str:
    """The node that the fault did not hit."""
    (hit,) = {event.target for event in events if isinstance(event, TrialStarted)}
    return NEW if hit == OLD else OLD


def unlogged(events: list[Event]) -> list[Event]:
    """Let the machines be of a provider that doesn't know when they stopped."""
    return change(events, Audited, lambda event: replace(event, power_log=False))


def unfound(*seqs: int, instance: str = INSTANCE) -> Mutate:
    """Take rows out of what was counted."""

    def without(event: CommitsCounted) -> CommitsCounted:
        ranges = event.ranges
        for seq in seqs:
            pieces = [(low, high) for low, high in ranges if not low <= seq <= high]
            pieces += [
                piece for low, high in ranges if low <= seq <= high for piece in ((low, seq - 1), (seq + 1, high))
            ]
            ranges = [[low, high] for low, high in sorted(pieces) if low <= high]
        return replace(event, ranges=ranges) if event.instance == instance else event

    return swap(CommitsCounted, without)


def still_primary(probe: RoleProbe) -> RoleProbe:
    """Let the old primary answer until half a second after the new one has begun."""
    on = probe.node == OLD and INJECTED <= probe.due < INJECTED + 8.5
    return replace(probe, t=probe.due + 0.003, role="primary", lsn=4500) if on else probe


def for_a_moment(probe: RoleProbe) -> RoleProbe:
    """Let the standby say once, before the fault, that it is a primary."""
    hit = probe.node == NEW and abs(probe.due - 103.0) < 0.01
    return replace(probe, role="primary") if hit else probe


def shown_once(read: Read) -> Read:
    """Let one read before the fault show an older row than the ones before it."""
    return replace(read, seq=4) if abs(read.due - 104.0) < 0.01 else read


def after(t: float, how: Callable[[Any], Event]) -> Callable[[Any], Event]:
    """Change what was due after ``t``."""
    return lambda event: how(event) if event.due > t else event


def with_another(base: Callable[[], list[Event]] = power_loss) -> list[Event]:
    """The same cluster keeps a second instance, to which the same happened."""

    def both(facts: NodeFacts) -> NodeFacts:
        shown = facts.encoded()
        two = {key: dict.fromkeys((INSTANCE, OTHER), shown[key][INSTANCE]) for key in ("instances", "scores")}
        return NodeFacts.of(shown | two)

    events = promising(base())
    theirs = [replace(one, instance=OTHER) for one in events if isinstance(one, OF_INSTANCE)]
    events = change(
        events, TrialStarted, lambda e: replace(e, instances={name: [OLD, NEW] for name in (INSTANCE, OTHER)})
    )
    events = change(events, Audited, lambda e: replace(e, found=both(e.found), before=both(e.before)))
    return [*events, *theirs]


def standby_with_another() -> list[Event]:
    return with_another(standby_fault)
