"""What a few trials say about all: medians, and how far they can be trusted. Pure, and the same on every run.

A value is in seconds, 0 where there was no outage, and infinite where the service never came back: leaving either
out would make a cluster look better or worse than it is.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

# With fewer values than this no interval can hold the median of all with 95 %: of 4 values even the whole range, from
# the least to the worst, holds it only in 1 - 2 * (1/2)^4 = 88 % of all cases (of 5 in 94 %).
ENOUGH = 5
LEVEL = 0.95
RESAMPLES = 2000
SEED = 20140929

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spread:
    """A sample in short: seconds. ``low`` and ``high`` are the quartiles; ``interval`` is that of the median.

    ``away`` is how many values aren't 0, ``never`` how many are infinite.
    """

    count: int
    away: int
    never: int
    median: float
    low: float
    high: float
    least: float
    worst: float
    interval: Interval | None


def spread(values: Sequence[float]) -> Spread | None:
    """Return the sample in short; None where it is empty."""
    if not values:
        return None
    low, high = _quartiles(values)
    return Spread(
        count=len(values),
        away=sum(1 for one in values if one > 0),
        never=sum(1 for one in values if math.isinf(one)),
        median=median(values),
        low=low,
        high=high,
        least=min(values),
        worst=max(values),
        interval=median_interval(values),
    )


def median_interval(values: Sequence[float]) -> Interval | None:
    """Return the 95 % bootstrap interval (percentile method) of the median; None where there are too few values."""
    if len(values) < ENOUGH:
        return None
    return _middle(_medians(values, random.Random(SEED)))  # noqa: S311 - draws a sample, keeps no secret


def difference_interval(before: Sequence[float], after: Sequence[float]) -> Interval | None:
    """Return the 95 % bootstrap interval of how much greater the median of ``after`` is than that of ``before``.

    None where there are too few values in one of them, or one is infinite: then there is no difference.
    """
    if min(len(before), len(after)) < ENOUGH or not all(map(math.isfinite, (*before, *after))):
        return None
    chance = random.Random(SEED)  # noqa: S311 - draws a sample, keeps no secret
    firsts, seconds = _medians(before, chance), _medians(after, chance)
    return _middle([second - first for first, second in zip(firsts, seconds, strict=True)])


def _medians(values: Sequence[float], chance: random.Random) -> list[float]:
    """Return the medians of as many samples as RESAMPLES, drawn from the values with replacement."""
    size = len(values)
    return [median(chance.choices(values, k=size)) for _ in range(RESAMPLES)]


def _middle(found: list[float]) -> Interval:
    """Return the bounds of the LEVEL in the middle."""
    ordered = sorted(found)
    outside = math.floor(len(ordered) * (1 - LEVEL) / 2)
    return ordered[outside], ordered[-1 - outside]


def _quartiles(values: Sequence[float]) -> Interval:
    """Return the quartiles; between a finite and an infinite value nothing is interpolated."""
    if len(values) == 1:
        return values[0], values[0]
    if all(map(math.isfinite, values)):
        first, _, third = quantiles(values, n=4, method="inclusive")
        return first, third
    ordered = sorted(values)
    last = len(ordered) - 1
    return ordered[last // 4], ordered[math.ceil(last * 3 / 4)]
