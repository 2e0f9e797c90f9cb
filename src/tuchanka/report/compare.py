"""Two runs beside each other: is a median greater, and can so few trials say so? Pure."""

import math
from dataclasses import dataclass
from typing import Any

from tuchanka.report.figures import seconds, signed
from tuchanka.report.groups import Group, Key, pools, seconds_json, spread_json
from tuchanka.report.runs import Report
from tuchanka.report.statistics import ENOUGH, Interval, Spread, difference_interval, spread


@dataclass(frozen=True, slots=True)
class Difference:
    """The write reactions (seconds) of one kind of trial in two runs; None where a run has no such trial.

    ``change`` is by how much the second median is greater, ``ratio`` how many times as great it is (None where one of
    them is infinite, or the first 0); ``meaning`` says in words what that shows.
    """

    key: Key
    before: Group | None
    after: Group | None
    before_spread: Spread | None
    after_spread: Spread | None
    change: float | None
    ratio: float | None
    interval: Interval | None
    meaning: str
    tone: str = ""  # "good": the second is faster, "bad": it is slower


def differences(report: Report) -> tuple[Difference, ...]:
    """Return every later run beside the first; nothing where the report doesn't compare."""
    if not report.compare:
        return ()
    first, *others = ({_kind(group.key): group for group in groups} for groups in pools(report))
    names = [run.name for run in report.runs[1:]]
    return tuple(
        _difference(Key(kind.cluster, kind.fault, kind.role, name), first.get(kind), other.get(kind))
        for name, other in zip(names, others, strict=True)
        for kind in sorted({*first, *other})
    )


def _kind(key: Key) -> Key:
    return Key(key.cluster, key.fault, key.role)


def _difference(key: Key, before: Group | None, after: Group | None) -> Difference:
    one, two = before.writes if before else (), after.writes if after else ()
    first, second = spread(one), spread(two)
    change = ratio = None
    if first and second and math.isfinite(first.median) and math.isfinite(second.median):
        change = second.median - first.median
        ratio = second.median / first.median if first.median else None
    interval = difference_interval(one, two)
    meaning, tone = _meaning(first, second, interval)
    return Difference(key, before, after, first, second, change, ratio, interval, meaning, tone)


def _meaning(first: Spread | None, second: Spread | None, interval: Interval | None) -> tuple[str, str]:
    if first is None or second is None:
        return "only in one of the two", ""
    if first.never or second.never:
        return f"writes never came back in {first.never} and {second.never} trials", ""
    if interval is None:
        return f"not enough trials: {first.count} and {second.count}; it takes {ENOUGH} of each", ""
    low, high = interval
    if low > 0:
        return f"slower, by {seconds(low)} to {seconds(high)}", "bad"
    if high < 0:
        return f"faster, by {seconds(-high)} to {seconds(-low)}", "good"
    return f"no difference shown: {signed(low)} to {signed(high)}", ""


def difference_json(one: Difference) -> dict[str, Any]:
    """Return a difference for ``summary.json``."""
    return {
        "cluster": one.key.cluster,
        "fault": one.key.fault,
        "target_role": one.key.role,
        "run": one.key.run,
        "before": spread_json(one.before_spread),
        "after": spread_json(one.after_spread),
        "change_s": None if one.change is None else seconds_json(one.change),
        "ratio": None if one.ratio is None else round(one.ratio, 3),
        "interval": None if one.interval is None else [seconds_json(bound) for bound in one.interval],
        "meaning": one.meaning,
    }
