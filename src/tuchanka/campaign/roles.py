"""Who would have accepted a write, and when: two primaries at once, and the margin between two. Pure."""

from itertools import groupby

from tuchanka.events import RoleProbe

Span = tuple[float, float]


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


def margin_s(probes: tuple[RoleProbe, ...], injected: float) -> float | None:
    """Return the seconds between the last time the old primary said it was one and the first time another did.

    None where the role didn't move after ``injected``. Below 0 where they overlapped. Of an old primary that
    couldn't be reached any more this is the most the margin can have been.
    """
    before = [one for one in probes if one.role == "primary" and one.due < injected]
    if not before:
        return None
    old = before[-1].node
    others = [one.due for one in probes if one.role == "primary" and one.node != old and one.t >= injected]
    if not others:
        return None
    first = min(others)
    # Where the old primary got the role back later, that is another change of roles.
    spans = [end for begin, end in primary_spans(probes, old) if begin <= max(first, injected)]
    return first - max(spans)


def _joined(spans: tuple[Span, ...]) -> list[Span]:
    """Join overlapping spans of one node, so that a slow answer isn't counted as a second primary."""
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined
