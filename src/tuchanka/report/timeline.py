"""The chart of one trial: writes, reads and roles around the fault. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from tuchanka.campaign.anatomy import FIRST_WRITE
from tuchanka.campaign.checker import Verdict
from tuchanka.campaign.service import Outage, caused, is_good
from tuchanka.campaign.slices import Slice
from tuchanka.events import Read, RoleProbe, Write
from tuchanka.report.svg import Scale, element, group, log_height
from tuchanka.report.words import clean, seconds

WIDTH, LEFT, RIGHT = 1000.0, 172.0, 984.0
BEFORE_S, AFTER_S = 2.5, 1.0
WRITES_HEIGHT, READS_HEIGHT, ROLE_HEIGHT, GAP = 104.0, 78.0, 20.0, 30.0
LABEL_ROW, CHARACTER = 16.0, 6.4
LATENCY = (0.001, 1.0)
AGE = (0.01, 100.0)
AGE_TICKS = ((0.1, "0.1 s"), (1.0, "1 s"), (10.0, "10 s"), (100.0, "100 s"))
LATENCY_TICKS = ((0.001, "1 ms"), (0.01, "10 ms"), (0.1, "0.1 s"), (1.0, "1 s"))


@dataclass(frozen=True, slots=True)
class _Chart:
    """What every lane needs: the scale, the moment that is 0, and the part that is shown (monotonic)."""

    x: Scale
    zero: float
    begin: float
    end: float

    def at(self, t: float) -> float:
        return self.x(t - self.zero)

    def shows(self, due: float) -> bool:
        return self.begin <= due <= self.end

    def width(self, rate: float = 10.0) -> float:
        """How wide a beat may be drawn, so that neighbours stay apart."""
        per_second = (self.x.right - self.x.left) / (self.x.high - self.x.low)
        return min(max(per_second / rate * 0.72, 0.7), 7.0)


def timeline(trial: Slice, verdict: Verdict) -> Markup | None:
    """Return the SVG; None where nothing was recorded."""
    chart = _chart(trial)
    if chart is None:
        return None
    marks, top = _marks(chart, verdict)
    parts: list[Markup] = []
    y = top + 22
    last = caused(trial)[-1:]
    if last:
        parts.append(_away(chart, verdict, last[0], y))
    parts.append(_writes(chart, [one for one in trial.writes if chart.shows(one.due)], y))
    y += WRITES_HEIGHT + GAP
    for vip in trial.vips:
        own = [one for one in trial.reads if one.vip == vip and chart.shows(one.due)]
        parts.append(_reads(chart, vip, own, last[0] if last else None, y))
        y += READS_HEIGHT + GAP
    y -= 8
    for node in trial.nodes:
        own_probes = [one for one in trial.probes if one.node == node and chart.shows(one.due)]
        parts.append(_role_band(chart, node, own_probes, y))
        y += ROLE_HEIGHT + 6
    parts.append(_axis(chart, y + 4))
    lines = [
        element("line", x1=x, x2=x, y1=level - 4, y2=y + 4, class_=f"mark {kind}") for x, kind, _, _, level in marks
    ]
    labels = [
        group(
            [
                element("title", hint),
                element("text", text, x=x + 5, y=level + 4, class_=f"label {kind}"),
            ]
        )
        for x, kind, text, hint, level in marks
    ]
    height = y + 44
    name = f"Writes, reads and roles around the fault of trial {verdict.trial}"
    return element(
        "svg",
        element("title", name),
        group(lines),
        *parts,
        group(labels),
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        class_="timeline",
        role="img",
    )


def _chart(trial: Slice) -> _Chart | None:
    dues = [one.due for one in trial.writes] + [one.due for one in trial.reads]
    if not dues:
        return None
    zero = trial.injected if trial.injected is not None else min(dues)
    begin = max(min(dues), zero - BEFORE_S)
    end = max(dues) if trial.stable is None else min(max(dues), trial.stable + AFTER_S)
    end = max(end, begin + 1)
    return _Chart(Scale(begin - zero, end - zero, LEFT, RIGHT), zero, begin, end)


def _marks(chart: _Chart, verdict: Verdict) -> tuple[list[tuple[float, str, str, str, float]], float]:
    """Return the vertical lines (x, class, label, tooltip, y of the label) and the height that the labels take.

    A label goes a row below every label that it, or its own line, would run into.
    """
    points = [(0.0, "injected", f"{verdict.fault}", f"{verdict.fault} of {verdict.target} took effect")]
    points += [
        (at, "phase", "first write" if phase == FIRST_WRITE else phase, f"{phase} {seconds(at)} after the fault")
        for phase, at in verdict.phases_at.items()
        if at is not None
    ]
    marks: list[tuple[float, str, str, str, float]] = []
    deepest = 1
    rights: list[float] = []  # where the labels end, row by row
    for at, kind, label, hint in sorted(points, key=lambda point: point[0]):
        if not chart.x.low <= at <= chart.x.high:
            continue
        text = f"{clean(label)} {at:.1f} s" if kind == "phase" else clean(label)
        x = chart.x(at)
        row = max((index + 1 for index, right in enumerate(rights) if x < right), default=0)
        rights[row:] = [x + len(text) * CHARACTER + 14]
        deepest = max(deepest, row + 1)
        marks.append((x, kind, text, clean(hint), 12 + row * LABEL_ROW))
    return marks, deepest * LABEL_ROW


def _away(chart: _Chart, verdict: Verdict, outage: Outage, y: float) -> Markup:
    begin = chart.at(max(outage.began, chart.zero))
    end = chart.at(outage.over) if outage.over is not None else chart.x.right
    text = "no write" if verdict.reaction_s is None else f"no write for {seconds(verdict.reaction_s)}"
    parts = [
        element("rect", x=begin, y=y - 14, width=max(end - begin, 0.5), height=WRITES_HEIGHT + 14, class_="away")
    ]
    if end - begin > len(text) * CHARACTER + 12:
        parts.append(element("text", text, x=(begin + end) / 2, y=y - 3, class_="away-label", text_anchor="middle"))
    return group(parts)


def _writes(chart: _Chart, writes: list[Write], y: float) -> Markup:
    base, wide = y + WRITES_HEIGHT, chart.width()
    parts = [_lane("writes", "latency of the answer", y), *_grid(LATENCY_TICKS, LATENCY, base, WRITES_HEIGHT)]
    for one in writes:
        taken = one.t - one.due
        high = max(log_height(taken, *LATENCY, WRITES_HEIGHT), 3.0)
        words = f"beat {one.seq} at {one.due - chart.zero:+.1f} s: {one.outcome} after {taken * 1000:.0f} ms"
        words += f" ({clean(one.error)})" if one.error else ""
        parts.append(_bar(chart.at(one.due), base, wide, high, one.outcome, words))
    return group(parts)


def _reads(chart: _Chart, vip: str, reads: list[Read], last: Outage | None, y: float) -> Markup:
    """Draw how old each answer was; after an outage a row from before it is old, however young."""
    base, wide = y + READS_HEIGHT, chart.width()
    parts = [_lane("reads", f"{vip}: age of the answer", y), *_grid(AGE_TICKS, AGE, base, READS_HEIGHT)]
    for one in reads:
        least = last.first_seq if last and one.due >= chart.zero else 0
        kind = "fresh" if is_good(one, least) else "stale" if one.ok else "failed"
        high = max(log_height(one.age, *AGE, READS_HEIGHT), 3.0) if one.ok else READS_HEIGHT
        words = f"read at {one.due - chart.zero:+.1f} s: {kind}"
        words += f", beat {one.seq}, {one.age:.2f} s old" if one.ok else f" ({clean(one.error)})"
        parts.append(_bar(chart.at(one.due), base, wide, high, kind, words))
    return group(parts)


def _role_band(chart: _Chart, node: str, probes: Iterable[RoleProbe], y: float) -> Markup:
    """Draw a node's answers as one band; a change shows at the first answer that differs."""
    parts = [element("text", clean(node), x=LEFT - 12, y=y + 14, class_="lane", text_anchor="end")]
    runs = [(role, [one.due for one in run]) for role, run in groupby(probes, key=lambda one: one.role)]
    for index, (role, dues) in enumerate(runs):
        begin = chart.at(dues[0])
        end = chart.at(runs[index + 1][1][0]) if index + 1 < len(runs) else chart.at(dues[-1])
        wide = max(end - begin, 1.5)
        hint = f"{node}: {role} from {dues[0] - chart.zero:+.1f} s to {dues[-1] - chart.zero:+.1f} s"
        parts.append(
            element(
                "rect",
                element("title", clean(hint)),
                x=begin,
                y=y,
                width=wide,
                height=ROLE_HEIGHT,
                class_=f"role {role}",
            )
        )
        if wide > len(role) * CHARACTER + 12:
            parts.append(element("text", role, x=begin + 8, y=y + 14, class_=f"role-label {role}"))
    return group(parts)


def _lane(name: str, what: str, y: float) -> Markup:
    first, _, second = what.partition(": ")
    lines = [(name, "lane"), (clean(first), "axis"), (clean(second), "axis")]
    return group(
        element("text", text, x=8, y=y + 11 + 15 * index, class_=kind)
        for index, (text, kind) in enumerate(lines)
        if text
    )


def _grid(
    ticks: tuple[tuple[float, str], ...], axis: tuple[float, float], base: float, height: float
) -> list[Markup]:
    parts = []
    for value, label in ticks:
        y = base - log_height(value, *axis, height)
        parts.append(element("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(element("text", label, x=LEFT - 6, y=y + 4, class_="axis", text_anchor="end"))
    parts.append(element("line", x1=LEFT, x2=RIGHT, y1=base, y2=base, class_="base"))
    return parts


def _bar(x: float, base: float, wide: float, high: float, kind: str, words: str) -> Markup:
    return element(
        "rect", element("title", words), x=x - wide / 2, y=base - high, width=wide, height=high, class_=f"beat {kind}"
    )


def _axis(chart: _Chart, y: float) -> Markup:
    parts = [element("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, class_="base")]
    for tick in chart.x.ticks():
        x = chart.x(tick)
        parts.append(element("line", x1=x, x2=x, y1=y, y2=y + 5, class_="base"))
        parts.append(element("text", f"{tick:g}", x=x, y=y + 18, class_="axis", text_anchor="middle"))
    parts.append(
        element("text", "seconds from the fault", x=(LEFT + RIGHT) / 2, y=y + 34, class_="axis", text_anchor="middle")
    )
    return group(parts)
