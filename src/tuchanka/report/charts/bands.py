"""Bands over time: what a node, an address or a stream was, each change at the first one that differs. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from tuchanka.analysis.trial_record import TrialRecord
from tuchanka.report.charts.scale import Scale, element, group
from tuchanka.report.figures import between
from tuchanka.report.text import clean

WIDTH, LEFT, RIGHT = 1000.0, 172.0, 984.0
HEIGHT, STEP = 20.0, 26.0
CHARACTER = 6.4
# So long after an observation nothing is claimed any more.
SILENT_S = 1.5


@dataclass(frozen=True, slots=True)
class Observation:
    """At ``due`` (monotonic) something was so: in words, and the class of its colour."""

    due: float
    words: str
    look: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What every lane needs: the scale, the moment that is 0, and the part that is shown (monotonic)."""

    x: Scale
    zero: float
    begin: float
    end: float

    def at(self, t: float) -> float:
        """Return the x of a monotonic time."""
        return self.x(t - self.zero)

    def shows(self, due: float) -> bool:
        """Whether a time is in the part that is shown."""
        return self.begin <= due <= self.end


def chart(begin: float, end: float, zero: float) -> Chart:
    """Return a chart of the time from ``begin`` to ``end`` (monotonic)."""
    last = max(end, begin + 1)
    return Chart(Scale(begin - zero, last - zero, LEFT, RIGHT), zero, begin, last)


def roles(trial: TrialRecord) -> list[tuple[str, list[Observation]]]:
    """Return a lane for every node's role."""
    return [
        (node, [Observation(one.due, one.role, f"role {one.role}") for one in trial.probes if one.node == node])
        for node in trial.nodes
    ]


def addresses(trial: TrialRecord) -> list[tuple[str, list[Observation]]]:
    """Return a lane for every floating address: on which node it was."""
    return [
        (
            vip,
            [Observation(one.due, *_holders(one.nodes, trial.nodes)) for one in trial.own.holders if one.vip == vip],
        )
        for vip in sorted({one.vip for one in trial.own.holders})
    ]


def _holders(nodes: list[str], known: Sequence[str]) -> tuple[str, str]:
    if not nodes:
        return "nobody", "role unreachable"
    if len(nodes) > 1:
        return f"{' and '.join(nodes)} at once", "role harm"
    return nodes[0], f"role h{known.index(nodes[0]) % 8 if nodes[0] in known else 7}"


def streams(trial: TrialRecord) -> list[tuple[str, list[Observation]]]:
    """Return the lane that says which standbys stream, as their primary sees it."""
    found = [Observation(one.due, *_streaming(one.standbys)) for one in trial.own.streaming]
    return [("streaming", found)] if found else []


def _streaming(standbys: dict[str, str]) -> tuple[str, str]:
    names = [name for name, state in sorted(standbys.items()) if state.startswith("streaming")]
    return (", ".join(names), "role fresh") if names else ("nobody", "role unreachable")


def lanes(over: Chart, found: Iterable[tuple[str, list[Observation]]], y: float) -> tuple[list[Markup], float]:
    """Return the lanes, one below the other from ``y`` on, and where they end."""
    parts = []
    for name, seen in found:
        parts.append(_lane(over, name, [one for one in seen if over.shows(one.due)], y))
        y += STEP
    return parts, y


def _lane(over: Chart, name: str, seen: list[Observation], y: float) -> Markup:
    parts = [element("text", clean(name), x=LEFT - 12, y=14, class_="lane end")]
    runs = [(what, [one.due for one in run]) for what, run in groupby(seen, key=lambda one: (one.words, one.look))]
    for index, ((words, look), dues) in enumerate(runs):
        begin = over.at(dues[0])
        after = runs[index + 1][1][0] if index + 1 < len(runs) else dues[-1]
        end = over.at(min(after, dues[-1] + SILENT_S))
        left, wide = round(begin), max(round(end) - round(begin), 2)
        title = element("title", clean(f"{words} {between(dues[0] - over.zero, dues[-1] - over.zero)}"))
        parts.append(element("rect", title, x=left, width=wide, height=HEIGHT, class_=look))
        if wide > len(words) * CHARACTER + 12:
            label = look.replace("role ", "role-label ")
            parts.append(element("text", clean(words), x=left + 8, y=14, class_=label))
    return group(parts, transform=f"translate(0 {y:.0f})")


def axis(over: Chart, y: float) -> Markup:
    """Return the axis of time below the lanes."""
    at = [(tick, round(over.x(tick))) for tick in over.x.ticks()]
    line = f"M{LEFT:.0f} 0H{RIGHT:.0f}" + "".join(f"M{x} 0v5" for _, x in at)
    parts = [element("path", d=line, class_="base")]
    parts += [element("text", f"{tick:g}", x=x, y=18) for tick, x in at]
    parts.append(element("text", "seconds from the fault", x=(LEFT + RIGHT) / 2, y=34))
    return group(parts, transform=f"translate(0 {y:.0f})", class_="axis mid")


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line at a moment, and its label."""

    at: float
    look: str
    label: str
    hint: str


LABEL_ROW = 16.0


def marks(over: Chart, found: Iterable[Mark]) -> tuple[list[tuple[float, float, Mark]], float]:
    """Return the marks that are shown, each with its x and the y of its label, and the height of all labels.

    A label goes a row below every label that it, or its own line, would run into.
    """
    placed: list[tuple[float, float, Mark]] = []
    deepest = 1
    rights: list[float] = []  # where the labels end, row by row
    for mark in sorted(found, key=lambda one: one.at):
        if not over.x.low <= mark.at <= over.x.high:
            continue
        x = over.x(mark.at)
        row = max((index + 1 for index, right in enumerate(rights) if x < right), default=0)
        rights[row:] = [x + len(mark.label) * CHARACTER + 14]
        deepest = max(deepest, row + 1)
        placed.append((x, 12 + row * LABEL_ROW, mark))
    return placed, deepest * LABEL_ROW


def lines(placed: Iterable[tuple[float, float, Mark]], bottom: float) -> Markup:
    """Return the marks' lines, from their labels down to ``bottom``."""
    return group(
        element("path", d=f"M{x:.0f} {level - 4:.0f}V{bottom:.0f}", class_=f"mark {mark.look}")
        for x, level, mark in placed
    )


def labels(placed: Iterable[tuple[float, float, Mark]]) -> Markup:
    """Return the marks' labels; the tooltip says more."""
    return group(
        element(
            "text",
            mark.label,
            *([element("title", mark.hint)] if mark.hint else []),
            x=x + 5,
            y=level + 4,
            class_=f"label {mark.look}",
        )
        for x, level, mark in placed
    )
