import math
import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.report.statistics import ENOUGH, difference_interval, median_interval, spread

SECONDS = st.floats(0, 1000, allow_nan=False).map(lambda value: round(value, 3))
ENOUGH_SECONDS = st.lists(SECONDS, min_size=ENOUGH, max_size=20)


def test_nothing_is_said_of_nothing() -> None:
    assert spread([]) is None


def test_a_known_sample() -> None:
    found = spread([8.0, 8.8, 8.8, 8.9, 9.3])
    assert found is not None
    assert (found.count, found.away, found.never) == (5, 5, 0)
    assert (found.median, found.low, found.high, found.least, found.worst) == (8.8, 8.8, 8.9, 8.0, 9.3)
    # Of five values the least is the median of a sample as often as three or more of five draws hit it: 5.8 %.
    assert found.interval == (8.0, 9.3)


def test_too_few_for_an_interval() -> None:
    found = spread([1.0, 2.0, 3.0, 4.0])
    assert found is not None
    assert found.interval is None
    assert difference_interval([1.0] * 20, [2.0] * 4) is None


def test_what_never_came_back_counts() -> None:
    found = spread([8.0, 8.5, math.inf])
    assert found is not None
    assert (found.median, found.worst, found.never) == (8.5, math.inf, 1)
    worse = spread([8.0, math.inf, math.inf])
    assert worse is not None
    assert worse.median == math.inf
    assert difference_interval([8.0] * 5, [8.0] * 4 + [math.inf]) is None


def test_a_difference_that_is_there() -> None:
    low, high = difference_interval([9.0, 9.1, 9.2, 9.3, 9.4], [6.0, 6.1, 6.2, 6.3, 6.4]) or (0, 0)
    assert -3.5 < low < -2.9 < high < -2.5


@given(ENOUGH_SECONDS)
def test_the_interval_holds_the_median_and_lies_within_the_values(values: list[float]) -> None:
    low, high = median_interval(values) or (math.nan, math.nan)
    assert min(values) <= low <= median(values) <= high <= max(values)
    assert median_interval(list(values)) == (low, high)


@given(st.lists(SECONDS, min_size=1))
def test_the_spread_is_in_order(values: list[float]) -> None:
    found = spread(values)
    assert found is not None
    assert found.least <= found.low <= found.median <= found.high <= found.worst


@given(ENOUGH_SECONDS, SECONDS)
def test_a_shift_is_seen_as_it_is(values: list[float], shift: float) -> None:
    low, high = difference_interval(values, [value + shift for value in values]) or (math.nan, math.nan)
    assert low - 1e-9 <= shift <= high + 1e-9


@pytest.mark.parametrize("size", [5, 9, 20])
def test_as_often_right_as_it_says(size: int) -> None:
    """Draw many samples of a skewed distribution whose median is known: about 95 in 100 intervals hold it."""
    chance = random.Random(1)
    true = math.log(2)
    tries = 100
    held = 0
    for _ in range(tries):
        low, high = median_interval([chance.expovariate(1.0) for _ in range(size)]) or (0, 0)
        held += low <= true <= high
    assert held / tries > 0.85
