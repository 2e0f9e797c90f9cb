"""What was acknowledged, and what was found. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from tuchanka.analysis.trial_record import Watched
from tuchanka.events import CommitsCounted, Outcome

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Commits:
    """The beats of one instance, compared with the last count of what its primary has.

    ``uncounted``: acknowledged, and written after the count.
    """

    lost: frozenset[int]
    warned_found: frozenset[int]
    indeterminate_found: frozenset[int]
    refused_found: frozenset[int]
    uncounted: int


def commits(watched: Watched) -> Commits | None:
    """Compare what was acknowledged with what was found; None where nobody counted."""
    if not watched.counted:
        return None
    count = watched.counted[-1]

    acknowledged = seqs(watched, "acknowledged")
    return Commits(
        lost=frozenset(seq for seq in acknowledged if seq <= count.up_to and not has(count, seq)),
        warned_found=frozenset(seq for seq in seqs(watched, "warned") if has(count, seq)),
        indeterminate_found=frozenset(seq for seq in seqs(watched, "indeterminate") if has(count, seq)),
        refused_found=frozenset(seq for seq in seqs(watched, "refused") - acknowledged if has(count, seq)),
        uncounted=sum(1 for seq in acknowledged if seq > count.up_to),
    )


def has(count: CommitsCounted, seq: int) -> bool:
    """Whether the row of that number was found."""
    return any(low <= seq <= high for low, high in count.ranges)


def seqs(watched: Watched, outcome: Outcome) -> frozenset[int]:
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
