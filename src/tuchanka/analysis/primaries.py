"""Who would have accepted a write, and when: two primaries at once, and what lies between two. Pure."""

from dataclasses import dataclass
from itertools import groupby, pairwise

from tuchanka.events import MachineStopped, RoleProbe

Span = tuple[float, float]
# A machine's last answer may come in a little after the machine has stopped.
STOP_S = 1.0


def primary_spans(probes: tuple[RoleProbe, ...], node: str) -> tuple[Span, ...]:
    """Return when ``node`` was primary, as far as it said so itself.

    One answer says that it was at some moment between ``due`` and ``t``; between successive answers of ``primary``
    it is taken to have stayed so. Any other answer, and none, ends a span: of a node that can't be reached nothing
    is claimed.
    """
    own = sorted((one for one in probes if one.node == node), key=lambda one: (one.due, one.t))
    spans = []
    for is_primary, run in groupby(own, key=lambda one: one.role == "primary"):
        if is_primary:
            answers = list(run)
            spans.append((answers[0].due, max(one.t for one in answers)))
    return tuple(spans)


def dual_primary_s(probes: tuple[RoleProbe, ...]) -> float | None:
    """Return for how many seconds two nodes or more were primary at once; None where nobody was asked.

    It errs on the side of alarm: the whole of each span counts.
    """
    if not probes:
        return None
    edges = []
    for node in {one.node for one in probes}:
        for begin, end in _joined(primary_spans(probes, node)):
            edges += [(begin, 1), (end, -1)]
    total, depth, before = 0.0, 0, 0.0
    for t, step in sorted(edges):
        if depth > 1:
            total += t - before
        depth += step
        before = t
    return total


@dataclass(frozen=True, slots=True)
class Handover:
    """The role of primary went from one node to another after the fault.

    ``margin_s`` is the best estimate of the seconds from the last moment when the old primary could accept a write
    to the first when the new one did; below 0 they overlapped. It lies between ``least_s`` and ``most_s``;
    ``least_s`` is None where nobody knows when the old primary ended: it fell silent, and no one saw it stop.
    ``since`` is when the old one last said that it was primary, ``at`` when the new one first did.
    """

    old: str
    new: str
    since: float
    at: float
    margin_s: float
    least_s: float | None
    most_s: float


def handovers(
    probes: tuple[RoleProbe, ...], stops: tuple[MachineStopped, ...], injected: float
) -> tuple[Handover, ...]:
    """Return every handover after ``injected``, in order of time."""
    spans = sorted((*span, node) for node in {one.node for one in probes} for span in primary_spans(probes, node))
    return tuple(
        _handover(probes, stops, (old, end), (new, begin))
        for (_, end, old), (begin, _, new) in pairwise(spans)
        if old != new and begin >= injected
    )


def _handover(
    probes: tuple[RoleProbe, ...], stops: tuple[MachineStopped, ...], old: tuple[str, float], new: tuple[str, float]
) -> Handover:
    (before, since), (after, at) = old, new
    # That it is no primary (any more), it says itself, or its kernel by letting nobody in.
    latest: float | None
    no = [one for one in probes if one.node == before and one.due > since and (one.closed or one.role == "standby")]
    if no and no[0].t <= at:
        last, latest = since, no[0].t
    else:
        # Silence says nothing. It could accept writes until its machine stopped, whatever became of it before.
        stopped = [_could_until(stop, at) for stop in stops if stop.node == before and stop.t >= since - STOP_S]
        last = max(since, stopped[0]) if stopped else since
        latest = last if stopped else None
    mine = [one for one in probes if one.node == after]
    not_yet = [one.due for one in mine if one.due < at and one.role != "primary"]
    first = next(one for one in mine if one.due == at and one.role == "primary")
    return Handover(
        old=before,
        new=after,
        since=since,
        at=at,
        margin_s=at - last,
        least_s=None if latest is None else max(not_yet, default=at) - latest,
        most_s=first.t - since,
    )


def _could_until(stop: MachineStopped, at: float) -> float:
    """Return until when a machine ran that stopped; so much less if it was frozen when another began (``at``).

    What is frozen accepts nothing: one that goes on for a moment after its replacement overlaps for that moment.
    """
    if stop.frozen is None:
        return stop.t
    if stop.thawed is None:
        return stop.frozen
    return stop.t - max(0.0, stop.thawed - max(stop.frozen, at))


def _joined(spans: tuple[Span, ...]) -> list[Span]:
    """Join overlapping spans of one node, so that a slow answer isn't counted as a second primary."""
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined
