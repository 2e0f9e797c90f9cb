"""What happened between a fault and the service's return, from the nodes' journals and the heartbeat. Pure.

Which line of a journal marks which point is told by rules that the caller passes in.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tuchanka.analysis.trial_record import TrialRecord
from tuchanka.events.points import (
    FENCING_ASKED,
    FENCING_DONE,
    JOURNAL_POINTS,
    MEMBERSHIP,
    MONITOR,
    PROMOTION_DONE,
    PROMOTION_STARTED,
    RECOVERED,
    STARTED,
    STOPPED,
    TOKEN_LOST,
    VIP_UP,
    VOTED,
    JournalRule,
)

ANNOUNCED = "VIP announced"
FIRST_WRITE, FIRST_READ, REDUNDANT = "first write", "first fresh read", "redundancy back"
POINTS: tuple[str, ...] = (
    *JOURNAL_POINTS,
    ANNOUNCED,
    FIRST_WRITE,
    FIRST_READ,
    REDUNDANT,
)
"""Every point in time of the anatomy, in the order in which they are expected."""

COMPLETED_BY: Mapping[str, tuple[str, ...]] = {
    "detected": (TOKEN_LOST, MONITOR),
    "quorum decided": (VOTED,),
    "fenced": (FENCING_DONE,),
    "recovered": (RECOVERED,),
    "promoted": (PROMOTION_DONE,),
    "VIP up": (VIP_UP,),
    FIRST_WRITE: (FIRST_WRITE,),
}
"""Phase → the point with which it is over, or, where that isn't seen, the next one. A prediction has these phases."""

PART_OF: Mapping[str, str] = {
    MONITOR: "detected",
    TOKEN_LOST: "detected",
    MEMBERSHIP: "quorum decided",
    VOTED: "quorum decided",
    FENCING_ASKED: "fenced",
    FENCING_DONE: "fenced",
    RECOVERED: "recovered",
    STOPPED: "promoted",
    STARTED: "promoted",
    PROMOTION_STARTED: "promoted",
    PROMOTION_DONE: "promoted",
    VIP_UP: "VIP up",
    ANNOUNCED: FIRST_WRITE,
    FIRST_WRITE: FIRST_WRITE,
}
"""Point → the phase that it lies in; what comes after the first write is in none."""

PHASES: tuple[str, ...] = tuple(COMPLETED_BY)

TOLD_LATE = frozenset({"promoted", "VIP up"})
"""Phases of which the journal tells when their agent has ended: a client may have been served before."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The phases of one trial, in order; None where one wasn't seen. What repairs a node in place is left out then.

    ``at`` is seconds from the injection, and so is ``points``, which is finer. ``seconds`` is how long each phase
    lasted: since the latest phase before it that was seen, so that they add up to the latest ``at``. A phase that
    came before one listed earlier lasted 0. What came after the first write had no part in the reaction: it is a
    point, and no phase.
    """

    at: dict[str, float | None]
    seconds: dict[str, float | None]
    points: dict[str, float | None]


def anatomy(
    trial: TrialRecord,
    rules: Iterable[JournalRule],
    first_write: float | None,
    first_read: float | None = None,
    redundant: float | None = None,
) -> Anatomy:
    """Measure the phases: of the journals by ``rules``. What the heartbeat knows is given, in monotonic seconds.

    ``first_write`` is when the first write after the outage was answered, ``first_read`` when fresh reads were back
    through every standby VIP, ``redundant`` when every standby streamed again.
    """
    points: dict[str, float | None] = dict.fromkeys(POINTS)
    if (injected := trial.injected) is not None:
        for rule in rules:
            if rule.point in points and points[rule.point] is None:
                points[rule.point] = _first(trial, rule, injected, points)
        known = {FIRST_WRITE: first_write, FIRST_READ: first_read, REDUNDANT: redundant}
        points |= {point: None if t is None else t - injected for point, t in known.items()}
        points[ANNOUNCED] = _announced(trial, injected)
    at = {
        phase: next((t for end in ends if (t := _within(phase, points[end], points[FIRST_WRITE])) is not None), None)
        for phase, ends in COMPLETED_BY.items()
    }
    if at["recovered"] is None and "recovered" not in trial.started.predicted:
        del at["recovered"]
    seconds: dict[str, float | None] = dict.fromkeys(at)
    reached = 0.0
    for phase, t in at.items():
        if t is not None:
            seconds[phase] = max(0.0, t - reached)
            reached = max(reached, t)
    return Anatomy(at, seconds, points)


def _within(phase: str, t: float | None, first_write: float | None) -> float | None:
    """Return when a phase was over as far as the service is concerned; None where it came too late to matter."""
    if t is None or first_write is None or t <= first_write:
        return t
    return first_write if phase in TOLD_LATE else None


def _first(trial: TrialRecord, rule: JournalRule, injected: float, points: dict[str, float | None]) -> float | None:
    """Return when the rule first applied to a line of the cluster's nodes: the surviving ones, if there are any."""
    begin = points[rule.after] if rule.after else 0.0
    if begin is None:
        return None
    nodes = {node for one in trial.watched for node in one.nodes}
    survivors = nodes.difference(trial.hit)
    unit, message = re.compile(_filled(rule.unit, trial)), re.compile(_filled(rule.message, trial))
    until = trial.end if trial.stable is None else trial.stable
    for line in trial.journal:
        if not injected + begin <= line.t <= until or (nodes and line.node not in nodes):
            continue
        if rule.of != "any" and (line.node in trial.hit) != (rule.of == "hit") and (rule.of == "hit" or survivors):
            continue
        if unit.fullmatch(line.unit) and message.search(line.message):
            return line.t - injected
    return None


def _filled(pattern: str, trial: TrialRecord) -> str:
    """Put the trial's names into a pattern. The primary's VIP is the one that isn't read through."""
    vips = {holder.vip for holder in trial.own.holders}.difference(trial.vips) or {trial.started.instance}
    for word, names in (("INSTANCE", [trial.started.instance]), ("TARGET", trial.hit), ("VIP", sorted(vips))):
        pattern = pattern.replace(word, f"(?:{'|'.join(map(re.escape, names))})")
    return pattern


def _announced(trial: TrialRecord, injected: float) -> float | None:
    """Return when the primary's VIP was first announced by the node that had got it."""
    until = trial.end if trial.stable is None else trial.stable
    seen = (one.t for one in trial.announced if one.vip not in trial.vips and injected <= one.t <= until)
    return next((t - injected for t in seen), None)
