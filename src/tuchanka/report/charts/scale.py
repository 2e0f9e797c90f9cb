"""What a chart needs beside plain SVG: a scale with round ticks."""

import math

from tuchanka.svg import element, group

__all__ = ["Scale", "element", "group", "log_height"]


class Scale:
    """Maps seconds to x."""

    def __init__(self, low: float, high: float, left: float, right: float) -> None:
        self.low, self.high, self.left, self.right = low, max(high, low + 0.1), left, right

    def __call__(self, value: float) -> float:
        """Return the x of ``value``, kept within the chart."""
        clipped = min(max(value, self.low), self.high)
        return self.left + (clipped - self.low) / (self.high - self.low) * (self.right - self.left)

    def ticks(self, about: int = 12) -> list[float]:
        """Return round values (1, 2 or 5 times a power of ten apart) within the scale."""
        rough = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
        first = math.ceil(self.low / step)
        return [number * step for number in range(first, math.floor(self.high / step) + 1)]


def log_height(value: float, low: float, high: float, height: float) -> float:
    """Return how high ``value`` stands on a logarithmic axis from ``low`` to ``high``."""
    clipped = min(max(value, low), high)
    return height * math.log(clipped / low) / math.log(high / low)
