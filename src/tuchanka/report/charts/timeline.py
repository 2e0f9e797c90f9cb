"""The charts of one trial: every beat around the fault, and the whole trial in bands. Pure.

There may be a thousand trials on a page. So neighbouring beats that went alike are one path, whose pattern sets them
apart, and what every chart has (patterns, grids) is drawn once (``definitions``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from tuchanka.analysis.outages import Outage, caused, is_good
from tuchanka.analysis.trial_record import TrialRecord
from tuchanka.analysis.verdict import Verdict
from tuchanka.events import Read, Write
from tuchanka.report.charts import bands
from tuchanka.report.charts.bands import CHARACTER, LEFT, RIGHT, WIDTH, Chart, Mark, Observation
from tuchanka.report.charts.scale import element, group, log_height
from tuchanka.report.figures import NONE, between, seconds
from tuchanka.report.text import clean

BEFORE_S, AFTER_S = 2.5, 1.0
# Beats a second, of a trial's heartbeat.
RATE = 10.0
WRITES_HEIGHT, READS_HEIGHT, GAP = 104.0, 78.0, 30.0
LATENCY = (0.001, 1.0)
AGE = (0.01, 100.0)
AGE_TICKS = ((0.1, "0.1 s"), (1.0, "1 s"), (10.0, "10 s"), (100.0, "100 s"))
LATENCY_TICKS = ((0.001, "1 ms"), (0.01, "10 ms"), (0.1, "0.1 s"), (1.0, "1 s"))


@dataclass(frozen=True, slots=True)
class _Beat:
    """One bar: how high, of which kind (its colour), its number, when it was due (seconds), and what it took."""

    high: float
    kind: str
    error: str
    seq: int
    due: float
    took: float


def definitions() -> Markup:
    """Return what the charts refer to; it stands once on the page."""
    return element(
        "defs",
        *(
            _pattern(kind)
            for kind in ("acknowledged", "warned", "refused", "indeterminate", "fresh", "stale", "failed")
        ),
        _grid("grid-writes", LATENCY_TICKS, LATENCY, WRITES_HEIGHT),
        _grid("grid-reads", AGE_TICKS, AGE, READS_HEIGHT),
    )


def _pattern(kind: str) -> Markup:
    """Return the look of a run of beats: each is one wide, with a gap to the next."""
    beat = element("rect", x="0.13", width="0.74", height="2", class_=kind)
    size = {"patternUnits": "userSpaceOnUse"}
    return element("pattern", beat, id=f"beats-{kind}", width="1", height="2", **size)


def timeline(trial: TrialRecord, verdict: Verdict) -> Markup | None:
    """Return every beat around the fault, the roles and the addresses; None where nothing was recorded."""
    over = _around(trial)
    if over is None:
        return None
    placed, top = bands.marks(over, _marks(verdict))
    parts: list[Markup] = []
    y = top + 22
    last = next(iter(caused(trial)[-1:]), None)
    if last:
        parts.append(_away(over, verdict, last, y))
    parts.append(_writes(over, [one for one in trial.writes if over.shows(one.due)], y))
    y += WRITES_HEIGHT + GAP
    for vip in trial.vips:
        own = [one for one in trial.reads if one.vip == vip and over.shows(one.due)]
        parts.append(_reads(over, vip, own, last, y))
        y += READS_HEIGHT + GAP
    found, y = bands.lanes(over, [*bands.roles(trial), *bands.addresses(trial)], y - 8)
    parts += found
    parts.append(bands.axis(over, y + 4))
    return element(
        "svg",
        element("title", f"Writes, reads and roles around the fault of trial {verdict.subject.trial}"),
        bands.lines(placed, y + 4),
        *parts,
        bands.labels(placed),
        viewBox=f"0 0 {WIDTH:.0f} {y + 44:.0f}",
        class_="timeline",
        role="img",
    )


def overview(trial: TrialRecord, verdict: Verdict) -> Markup | None:
    """Return the whole trial, from its start to its end, in bands; None where nothing was recorded."""
    dues = _dues(trial)
    if not dues:
        return None
    zero = trial.injected if trial.injected is not None else min(dues)
    over = bands.chart(min(dues), max([*dues, *trial.healthy]), zero)
    placed, top = bands.marks(over, _events(trial, zero))
    last = next(iter(caused(trial)[-1:]), None)
    least = last.first_seq if last else 0
    found = [("writes", [Observation(one.due, one.outcome, f"role {one.outcome}") for one in trial.writes])]
    for vip in trial.vips:
        own = [one for one in trial.reads if one.vip == vip]
        kinds = [(one, _read_kind(one, least if one.due >= zero else 0)) for one in own]
        found.append((f"reads, {vip}", [Observation(one.due, kind, f"role {kind}") for one, kind in kinds]))
    found += [*bands.roles(trial), *bands.addresses(trial), *bands.streams(trial)]
    parts, y = bands.lanes(over, found, top + 12)
    return element(
        "svg",
        element("title", f"All of trial {verdict.subject.trial}"),
        bands.lines(placed, y + 4),
        *parts,
        bands.axis(over, y + 4),
        bands.labels(placed),
        viewBox=f"0 0 {WIDTH:.0f} {y + 44:.0f}",
        class_="timeline",
        role="img",
    )


def _dues(trial: TrialRecord) -> list[float]:
    return [one.due for one in trial.writes] + [one.due for one in trial.reads]


def _around(trial: TrialRecord) -> Chart | None:
    dues = _dues(trial)
    if not dues:
        return None
    zero = trial.injected if trial.injected is not None else min(dues)
    end = max(dues) if trial.stable is None else min(max(dues), trial.stable + AFTER_S)
    return bands.chart(max(min(dues), zero - BEFORE_S), end, zero)


def _marks(verdict: Verdict) -> list[Mark]:
    injected = Mark(
        0.0,
        "injected",
        clean(verdict.subject.fault),
        clean(f"{verdict.subject.fault} of {verdict.subject.target} took effect"),
    )
    return [injected] + [
        Mark(at, "phase", clean(f"{phase} {at:.1f} s"), "")
        for phase, at in verdict.anatomy.at.items()
        if at is not None
    ]


def _events(trial: TrialRecord, zero: float) -> list[Mark]:
    told = (
        (trial.injected, "injected", trial.started.fault),
        (trial.stable, "phase", "stable"),
        (trial.healed, "phase", "healed"),
        (trial.restore.t if trial.restore else None, "phase", "restore"),
        (trial.healthy[-1] if trial.healthy else None, "phase", "healthy"),
    )
    return [Mark(t - zero, look, clean(what), between(t - zero, t - zero)) for t, look, what in told if t is not None]


def _away(over: Chart, verdict: Verdict, outage: Outage, y: float) -> Markup:
    begin = over.at(max(outage.began, over.zero))
    end = over.at(outage.over) if outage.over is not None else over.x.right
    text = "no write" if verdict.service.reaction_s is None else f"no write for {seconds(verdict.service.reaction_s)}"
    parts = [
        element("rect", x=begin, y=y - 14, width=max(end - begin, 0.5), height=WRITES_HEIGHT + 14, class_="away")
    ]
    if end - begin > len(text) * CHARACTER + 12:
        parts.append(element("text", text, x=(begin + end) / 2, y=y - 3, class_="away-label mid"))
    return group(parts)


def _writes(over: Chart, writes: list[Write], y: float) -> Markup:
    base = y + WRITES_HEIGHT
    beats = []
    for one in writes:
        took = one.t - one.due
        high = max(log_height(took, *LATENCY, WRITES_HEIGHT), 3.0)
        beats.append(_Beat(high, one.outcome, one.error, one.seq, one.due - over.zero, took))
    grid = element("use", href="#grid-writes", y=base)
    return group([_lane("writes", "latency of the answer", y), grid, _bars(over, beats, base, "beat")])


def _reads(over: Chart, vip: str, reads: list[Read], last: Outage | None, y: float) -> Markup:
    """Draw how old each answer was; after an outage a row from before it is old, however young."""
    base = y + READS_HEIGHT
    beats = []
    for one in reads:
        kind = _read_kind(one, last.first_seq if last and one.due >= over.zero else 0)
        high = max(log_height(one.age, *AGE, READS_HEIGHT), 3.0) if one.ok else READS_HEIGHT
        beats.append(_Beat(high, kind, one.error, one.seq, one.due - over.zero, one.age))
    grid = element("use", href="#grid-reads", y=base)
    return group([_lane("reads", f"{vip}: age of the answer", y), grid, _bars(over, beats, base, "read")])


def _read_kind(read: Read, least: int | None) -> str:
    return "fresh" if is_good(read, least) else "stale" if read.ok else "failed"


def _bars(over: Chart, beats: list[_Beat], base: float, what: str) -> Markup:
    """Return the beats in their own coordinates: one beat is one wide, the first after the fault begins at 0."""
    runs = (list(run) for _, run in groupby(beats, key=lambda one: (one.kind, one.error)))
    wide = (over.x.right - over.x.left) / (over.x.high - over.x.low) / RATE
    transform = f"translate({over.x(0.0):.1f} {base:.0f})scale({wide:.3f} 1)"
    return group((_path(run, what) for run in runs), transform=transform, class_="beats")


def _path(run: list[_Beat], what: str) -> Markup:
    heights: dict[int, int] = {}
    for one in run:
        column = round(one.due * RATE)
        heights[column] = max(heights.get(column, 0), round(one.high))
    title = element("title", clean(_hint(run, what)))
    return element("path", title, d=_steps(heights), class_=run[0].kind)


def _steps(heights: dict[int, int]) -> str:
    """Return the outline of columns that are one wide; neighbours of the same height are one step."""
    found = ""
    last, height, begin = 0, 0, 0
    for column, high in sorted(heights.items()):
        if not found or column != last + 1:
            found += (f"h{last + 1 - begin}V0" if found else "") + f"M{column} 0v-{high}"
            begin = column
        elif high != height:
            found += f"h{column - begin}v{height - high}"
            begin = column
        last, height = column, high
    return f"{found}h{last + 1 - begin}V0"


def _hint(run: list[_Beat], what: str) -> str:
    first, last = run[0], run[-1]
    least, most = min(one.took for one in run), max(one.took for one in run)
    when = between(first.due, last.due)
    if what == "beat":
        number = f"beat {first.seq}" if len(run) == 1 else f"beats {first.seq}{NONE}{last.seq}"
        took = f"{least * 1000:.0f}" + (f" to {most * 1000:.0f}" if len(run) > 1 else "")
        said = f"{number} {first.kind}, {when}, after {took} ms"
    else:
        said = f"{len(run)} reads {first.kind}, {when}"
        said += f", up to {most:.2f} s old" if first.kind != "failed" else ""
    return said + (f" ({first.error})" if first.error else "")


def _lane(name: str, what: str, y: float) -> Markup:
    first, _, second = what.partition(": ")
    lines = [(name, "lane"), (clean(first), "axis"), (clean(second), "axis")]
    return group(
        element("text", text, x=8, y=y + 11 + 15 * index, class_=kind)
        for index, (text, kind) in enumerate(lines)
        if text
    )


def _grid(name: str, ticks: Iterable[tuple[float, str]], within: tuple[float, float], height: float) -> Markup:
    """Return the grid of a lane whose base is at 0."""
    parts = []
    for value, label in ticks:
        y = -log_height(value, *within, height)
        parts.append(element("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(element("text", label, x=LEFT - 6, y=y + 4, class_="axis end"))
    parts.append(element("line", x1=LEFT, x2=RIGHT, y1=0, y2=0, class_="base"))
    return group(parts, id=name)
