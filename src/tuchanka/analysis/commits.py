"""What was acknowledged, and what was found. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from tuchanka.analysis.trial_record import Watched

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Commits:
    """The beats of one instance, compared with the last count of what its primary has.

    ``uncounted``: acknowledged, and written after the count.
    """

    lost: frozenset[int]
    indeterminate_found: frozenset[int]
    refused_found: frozenset[int]
    uncounted: int


def commits(watched: Watched) -> Commits | None:
    """Compare what was acknowledged with what was found; None where nobody counted."""
    if not watched.counted:
        return None
    count = watched.counted[-1]

    def found(seq: int) -> bool:
        return any(low <= seq <= high for low, high in count.ranges)

    acknowledged = seqs(watched, "acknowledged")
    return Commits(
        lost=frozenset(seq for seq in acknowledged if seq <= count.up_to and not found(seq)),
        indeterminate_found=frozenset(seq for seq in seqs(watched, "indeterminate") if found(seq)),
        refused_found=frozenset(seq for seq in seqs(watched, "refused") - acknowledged if found(seq)),
        uncounted=sum(1 for seq in acknowledged if seq > count.up_to),
    )


def seqs(watched: Watched, outcome: str) -> frozenset[int]:
    """Return the numbers of the beats with an outcome."""
    return frozenset(one.seq for one in watched.writes if one.outcome == outcome)


def to_ranges(numbers: Iterable[int]) -> tuple[Range, ...]:
    """Return the numbers as closed ranges, in order."""
    ranges: list[Range] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)
