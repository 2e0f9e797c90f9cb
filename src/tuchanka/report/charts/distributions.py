"""The distributions: a dot for each trial, a row for each kind of trial, a picture for each cluster. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from tuchanka.report.charts.scale import element, group, log_height
from tuchanka.report.figures import seconds
from tuchanka.report.groups import Group, Key, write_reaction
from tuchanka.report.headings import title
from tuchanka.report.other_systems import OtherFigure
from tuchanka.report.runs import ReportedTrial
from tuchanka.report.statistics import Spread
from tuchanka.report.text import clean

WIDTH, LEFT, RIGHT = 1000.0, 300.0, 930.0
# Columns of their own for what has no place on a logarithmic axis.
NOT_AWAY, NEVER = LEFT - 46, RIGHT + 36
ROW, TOP = 30.0, 26.0
TICKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
# Dots of one row are spread over this many lines, so that equal ones stay apart.
LINES = 5

Others = Sequence[tuple[str, OtherFigure]]


class _Axis:
    """Seconds to x, logarithmic."""

    def __init__(self, values: Iterable[float]) -> None:
        known = [one for one in values if 0 < one < math.inf] or [1.0]
        self.low = max((tick for tick in TICKS if tick <= min(known)), default=TICKS[0])
        self.high = min((tick for tick in TICKS if tick >= max(known)), default=TICKS[-1])
        if self.low == self.high:
            self.high = self.low * 10

    def __call__(self, value: float) -> float:
        if value <= 0:
            return NOT_AWAY
        if math.isinf(value):
            return NEVER
        return LEFT + log_height(value, self.low, self.high, RIGHT - LEFT)

    def ticks(self) -> list[float]:
        return [tick for tick in TICKS if self.low <= tick <= self.high]


def distribution_chart(groups: list[Group], elsewhere: Mapping[Key, Others]) -> Markup | None:
    """Return the picture of the groups of one cluster; None where there is nothing to draw.

    ``elsewhere`` has for each group the names and figures of other systems.
    """
    rows = [one for one in groups if one.writes]
    if not rows:
        return None
    cluster = rows[0].key.cluster
    others = [elsewhere[one.key] for one in rows]
    values = [value for one in rows for value in one.writes]
    predicted = [one.predicted_s for one in rows if one.predicted_s is not None]
    axis = _Axis([*values, *predicted, *(figure.seconds for row in others for _, figure in row)])
    bottom = TOP + ROW * len(rows)
    parts = [_grid(axis, bottom, not_away=0.0 in values, never=math.inf in values)]
    for index, (one, found) in enumerate(zip(rows, others, strict=True)):
        parts.append(_row(axis, one, found, TOP + ROW * (index + 0.5), shaded=index % 2 == 1))
    return element(
        "svg",
        element("title", clean(f"How long writes of {cluster} were away")),
        *parts,
        viewBox=f"0 0 {WIDTH:.0f} {bottom + 42:.0f}",
        class_="distributions",
        role="img",
    )


def _grid(axis: _Axis, bottom: float, *, not_away: bool, never: bool) -> Markup:
    parts = []
    for tick in axis.ticks():
        x = axis(tick)
        parts.append(element("line", x1=x, x2=x, y1=TOP, y2=bottom, class_="grid"))
        parts.append(element("text", f"{tick:g}", x=x, y=bottom + 16, class_="axis mid"))
    for shown, x, label in ((not_away, NOT_AWAY, "not away"), (never, NEVER, "never back")):
        if shown:
            parts.append(element("text", label, x=x, y=bottom + 16, class_="axis mid"))
    middle = (LEFT + RIGHT) / 2
    words = "seconds without a write, logarithmic"
    parts.append(element("text", words, x=middle, y=bottom + 34, class_="axis mid"))
    parts.append(element("line", x1=LEFT, x2=RIGHT, y1=bottom, y2=bottom, class_="base"))
    return group(parts)


def _row(axis: _Axis, one: Group, others: Others, y: float, *, shaded: bool) -> Markup:
    parts = []
    if shaded:
        parts.append(element("rect", x=0.0, y=y - ROW / 2, width=WIDTH, height=ROW, class_="stripe"))
    parts.append(_label(one, y))
    parts += [_other(axis, name, figure, y) for name, figure in others]
    found = one.write_spread
    if found is not None:
        parts += _box(axis, found, y)
    if one.predicted_s:
        x = axis(one.predicted_s)
        hint = element("title", f"predicted: {seconds(one.predicted_s)}")
        parts.append(element("path", hint, d=f"M{x:.1f} {y - 11:.1f}l4 -5h-8z", class_="predicted"))
    parts += [_dot(axis, trial, index, y) for index, trial in enumerate(one.trials)]
    return group(parts)


def _label(one: Group, y: float) -> Markup:
    key = one.key
    small = f" {key.role}" + (f" \N{MIDDLE DOT} {key.run}" if key.run else "")
    room = 42 - len(key.fault)
    small = small if len(small) <= room else f"{small[: max(room, 1)]}…"
    return element(
        "text",
        clean(key.fault),
        element("tspan", clean(small), class_="soft"),
        x=8.0,
        y=y + 4,
        class_="lane",
    )


def _other(axis: _Axis, name: str, figure: OtherFigure, y: float) -> Markup:
    """Return a mark at another system's figure, with a line as wide as its deviation."""
    aside = figure.deviation or 0.0
    left, right = axis(max(figure.seconds - aside, axis.low)), axis(figure.seconds + aside)
    x = axis(figure.seconds)
    return element(
        "path",
        element("title", clean(f"{name}: {figure}")),
        d=f"M{left:.1f} {y + 9:.1f}H{right:.1f}M{x:.1f} {y + 5:.1f}v8",
        class_="other",
    )


def _box(axis: _Axis, found: Spread, y: float) -> list[Markup]:
    """Return the box of the middle half and the line of the median."""
    x = axis(found.median)
    hint = f"median {seconds(found.median)}, middle half {seconds(found.low)} to {seconds(found.high)}"
    parts = []
    if found.count >= 4 and found.low > 0:
        left, right = axis(found.low), axis(found.high)
        parts.append(
            element(
                "rect",
                element("title", hint),
                x=left,
                y=y - 8,
                width=max(right - left, 1.0),
                height=16.0,
                rx=3.0,
                class_="half",
            )
        )
    parts.append(element("line", element("title", hint), x1=x, x2=x, y1=y - 11, y2=y + 11, class_="median"))
    return parts


def _dot(axis: _Axis, trial: ReportedTrial, index: int, y: float) -> Markup:
    value = write_reaction(trial)
    if value is None:
        return Markup()
    verdict = trial.verdict
    up = (index * 2 % LINES - LINES // 2) * 2.2
    hint = clean(
        f"trial {verdict.subject.trial}: {title(verdict)}, {seconds(value) if value else 'writes never away'}"
    )
    mark = element(
        "circle",
        element("title", hint),
        cx=axis(value),
        cy=y + up,
        r=3.4,
        class_="dot" if verdict.recovered else "dot bad",
    )
    return element("a", mark, href=f"#trial-{verdict.subject.trial}")
