"""Figures as people read them: numbers with their units. Pure."""

import math
from dataclasses import dataclass

from tuchanka.report.statistics import Spread

NONE = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure to show: what it is, its value with its unit, and a remark (why it is missing, what it means)."""

    name: str
    value: str
    remark: str = ""
    tone: str = ""  # "good", "bad", or nothing


def seconds(value: float | None) -> str:
    """Return seconds with their unit: two digits below 1 s, one up to 100 s, none above."""
    if value is None:
        return NONE
    if math.isinf(value):
        return "never"
    if 0 < abs(value) < 1:
        return f"{value:.2f} s"
    return f"{value:.1f} s" if abs(value) < 100 else f"{value:.0f} s"


def signed(value: float) -> str:
    """Return a difference in seconds, with its sign; none where it is too small to be seen."""
    if abs(value) < 0.05:
        return "0.0 s"
    return f"{value:+.1f} s".replace("-", "\N{MINUS SIGN}")


def ratio(value: float | None) -> str:
    """Return how many times as long something is: two digits, none after the point from ten times on."""
    if value is None:
        return NONE
    return f"\N{MULTIPLICATION SIGN} {value:.1f}" if value < 10 else f"\N{MULTIPLICATION SIGN} {value:.0f}"


def between(first: float, last: float) -> str:
    """Return a time, or from when to when: seconds from the fault."""
    begin, end = f"{first:+.1f}", f"{last:+.1f}"
    return (f"at {begin} s" if begin == end else f"{begin} to {end} s").replace("-", "\N{MINUS SIGN}")


def never(value: float | None) -> str:
    """Return how long a harm lasted; never, where it didn't happen."""
    return "never" if value == 0 else seconds(value)


def count(value: int | None) -> str:
    """Return a whole number, its thousands set apart."""
    return NONE if value is None else f"{value:,}".replace(",", "\u202f")


def reaction(value: float) -> str:
    """Return a reaction: 0 is none at all, infinity one that never ended."""
    return "not away" if value == 0 else "never back" if math.isinf(value) else seconds(value)


def away(found: Spread | None) -> str:
    """Return a sample's median, and of how many trials it is where not all of them had an outage."""
    if found is None:
        return NONE
    mixed = f" (away in {found.away} of {found.count})" if 0 < found.away < found.count else ""
    return reaction(found.median) + mixed


def interval(found: Spread | None) -> str:
    """Return the interval of the median, or why there is none."""
    if found is None or found.worst == 0:
        return NONE
    if found.interval is None:
        return "not enough trials"
    return _range(*found.interval)


def middle(found: Spread | None) -> str:
    """Return the spread: the middle half, of fewer than four values the least and the worst."""
    if found is None or found.worst == 0:
        return NONE
    return _range(found.low, found.high) if found.count >= 4 else _range(found.least, found.worst)


def _range(low: float, high: float) -> str:
    first, last = reaction(low), reaction(high)
    if first == last:
        return first
    return f"{first.removesuffix(' s')} to {last}" if first.endswith(" s") else f"{first} to {last}"


def loss(lost: int | None, judged: int) -> str:
    """Return how many acknowledged commits were lost, of how many."""
    return f"{count(lost)} of {count(judged)}" if lost is not None else f"unknown, of {count(judged)}"
