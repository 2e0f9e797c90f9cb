"""The phases of a reaction, predicted and measured: of one trial, and the medians over many. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from tuchanka.analysis.phase_totals import is_off
from tuchanka.analysis.phases import FIRST_WRITE, PHASES, POINTS
from tuchanka.analysis.verdict import Verdict
from tuchanka.report.charts.scale import Scale, element, group
from tuchanka.report.figures import NONE, seconds, signed
from tuchanka.report.groups import Group
from tuchanka.report.text import clean

WIDTH, RIGHT = 1000.0, 984.0
CHARACTER = 7.6
COLOURS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One phase: seconds predicted and measured, and when it was reached after the injection."""

    number: int
    name: str
    predicted: str
    measured: str
    reached: str
    remark: str
    off: bool


@dataclass(frozen=True, slots=True)
class Off:
    """A prediction that the medians of a group show to be off; ``name`` is the phase, or the reaction."""

    group: Group
    name: str
    predicted: str
    measured: str
    difference: str


@dataclass(frozen=True, slots=True)
class _Stack:
    """One bar: its phases in seconds. ``heading`` stands left of it, ``label`` next to it."""

    heading: str
    label: str
    phases: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class _Look:
    """Where bars begin, how high one is and how far they are apart."""

    left: float
    bar: float
    gap: float


ONE = _Look(left=96.0, bar=34.0, gap=12.0)
MANY = _Look(left=330.0, bar=16.0, gap=3.0)


def names(verdict: Verdict) -> list[str]:
    """Return the phases that were predicted or measured, in order."""
    return list(dict.fromkeys([*(phase for phase in PHASES if phase in verdict.anatomy.seconds), *verdict.predicted]))


def rows(verdict: Verdict) -> list[Row]:
    """Return the table: a row per phase, and the sum."""
    found = []
    for number, name in enumerate(names(verdict)):
        predicted, measured = verdict.predicted.get(name), verdict.anatomy.seconds.get(name)
        remark = "not seen in the journals" if measured is None else _difference(predicted, measured)
        if measured is None and name == FIRST_WRITE:
            remark = "writes never came back" if verdict.service.outages else "writes were never away"
        found.append(
            Row(
                number=number,
                name=clean(name),
                predicted=seconds(predicted),
                measured=seconds(measured),
                reached=seconds(verdict.anatomy.at.get(name)),
                remark=remark,
                off=is_off(predicted, measured),
            )
        )
    found.append(
        Row(
            number=-1,
            name="sum",
            predicted=seconds(verdict.predicted_s),
            measured=seconds(verdict.service.reaction_s),
            reached=NONE,
            remark=_difference(verdict.predicted_s, verdict.service.reaction_s),
            off=is_off(verdict.predicted_s, verdict.service.reaction_s),
        )
    )
    return found


def offs(groups: Iterable[Group]) -> list[Off]:
    """Return every prediction that the medians show to be off, the whole reactions first."""
    every = [*groups]
    whole = [(one, one.anatomy.whole) for one in every]
    single = [(one, phase) for one in every for phase in one.anatomy.phases]
    return [
        Off(
            group=one,
            name=clean(phase.phase),
            predicted=seconds(phase.predicted_s),
            measured=seconds(phase.measured_s),
            difference=_difference(phase.predicted_s, phase.measured_s),
        )
        for one, phase in whole + single
        if phase.off
    ]


def points(verdict: Verdict) -> list[tuple[str, str]]:
    """Return every point in time that was seen in a trial, finer than the phases, in order of time."""
    seen = [(at, name) for name, at in verdict.anatomy.points.items() if at is not None]
    return [(clean(name), seconds(at)) for at, name in sorted(seen)]


def median_points(groups: Sequence[Group]) -> tuple[list[str], list[tuple[Group, list[str]]]]:
    """Return the points that were seen in any of the groups, and for each group the medians of their times."""
    names = [name for name in POINTS if any(one.anatomy.points_s.get(name) is not None for one in groups)]
    rows = [(one, [seconds(one.anatomy.points_s.get(name)) for name in names]) for one in groups]
    return names, [row for row in rows if any(value != NONE for value in row[1])]


def bars(verdict: Verdict) -> Markup | None:
    """Return both bars of a trial; None where neither has a phase."""
    predicted: dict[str, float | None] = dict(verdict.predicted)
    both = [_Stack("", "predicted", predicted), _Stack("", "measured", verdict.anatomy.seconds)]
    return _draw(both, names(verdict), f"Phases of trial {verdict.subject.trial}, predicted and measured", ONE)


def median_bars(groups: Sequence[Group]) -> Markup | None:
    """Return the medians of every kind of trial of one cluster, each under what was predicted; None without any."""
    stacks = []
    for one in groups:
        measured = {phase.phase: phase.measured_s for phase in one.anatomy.phases}
        if not any(measured.values()):
            continue
        heading = f"{one.key.fault} {one.key.role}" + (f" \N{MIDDLE DOT} {one.key.run}" if one.key.run else "")
        if one.predicted_s is not None:
            stacks.append(
                _Stack(heading, "predicted", {phase.phase: phase.predicted_s for phase in one.anatomy.phases})
            )
            heading = ""
        stacks.append(_Stack(heading, f"measured ({len(one.trials)})", measured))
    if not stacks:
        return None
    title = f"Phases of the reactions of {groups[0].key.cluster}, predicted and measured"
    longest = max(len(stack.heading) + len(stack.label) for stack in stacks)
    look = replace(MANY, left=max(MANY.left, longest * CHARACTER + 24))
    return _draw(stacks, group_names(groups), title, look)


def group_names(groups: Iterable[Group]) -> list[str]:
    """Return the phases of the groups, in the order in which their colours are."""
    found = dict.fromkeys(phase.phase for one in groups for phase in one.anatomy.phases)
    return [*(phase for phase in PHASES if phase in found), *(phase for phase in found if phase not in PHASES)]


def _draw(stacks: Sequence[_Stack], order: Sequence[str], title: str, look: _Look) -> Markup | None:
    longest = max(sum(value or 0.0 for value in stack.phases.values()) for stack in stacks)
    if longest <= 0:
        return None
    x = Scale(0.0, longest * 1.04, look.left, RIGHT)
    parts: list[Markup] = []
    y = 4.0
    for stack in stacks:
        if stack.heading:
            y += look.gap if parts else 0.0
            parts.append(element("text", clean(stack.heading), x=4.0, y=y + look.bar / 2 + 4, class_="lane"))
        parts.append(_bar(stack, order, x, y, look))
        y += look.bar + look.gap
    at = [(tick, round(x(tick))) for tick in x.ticks()]
    line = f"M{look.left:.0f} 0H{RIGHT:.0f}" + "".join(f"M{place} 0v5" for _, place in at)
    axis = [element("path", d=line, class_="base")]
    axis += [element("text", f"{tick:g} s", x=place, y=18) for tick, place in at]
    return element(
        "svg",
        element("title", clean(title)),
        *parts,
        group(axis, transform=f"translate(0 {y:.0f})", class_="axis mid"),
        viewBox=f"0 0 {WIDTH:.0f} {y + 24:.0f}",
        class_="phases",
        role="img",
    )


def _bar(stack: _Stack, order: Sequence[str], x: Scale, y: float, look: _Look) -> Markup:
    middle = y + look.bar / 2 + 4
    parts = [element("text", stack.label, x=look.left - 10, y=middle, class_="lane light end")]
    begin = 0.0
    for number, name in enumerate(order):
        length = stack.phases.get(name)
        if not length:
            continue
        left, right = x(begin), x(begin + length)
        wide = max(right - left - 1.5, 0.8)
        figure = seconds(length)
        hint = element("title", clean(f"{name} {figure}"))
        colour = f"p{number % COLOURS}"
        parts.append(element("rect", hint, x=left, y=y, width=wide, height=look.bar, class_=colour))
        text = clean(name) if right - left > (len(name) + 7) * CHARACTER else ""
        if text or right - left > len(figure) * CHARACTER + 6:
            parts.append(element("text", f"{text} {figure}".strip(), x=left + 6, y=middle))
        begin += length
    return group(parts, class_="stack")


def _difference(predicted: float | None, measured: float | None) -> str:
    return "" if predicted is None or measured is None else signed(measured - predicted)
