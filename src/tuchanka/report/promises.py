"""What was checked, over all trials: each promise, how often it was kept, violated, or could not be checked. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from tuchanka.analysis.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Tally:
    """One check over all trials; ``violated`` and ``unchecked`` are the numbers of the trials."""

    name: str
    promises: tuple[str, ...]
    kept: int
    violated: tuple[int, ...]
    unchecked: tuple[int, ...]


def tally(verdicts: Sequence[Verdict]) -> list[Tally]:
    """Return every check, in the order in which they were first made."""
    names = dict.fromkeys(check.name for one in verdicts for check in one.checks)
    return [_tally(name, verdicts) for name in names]


def _tally(name: str, verdicts: Sequence[Verdict]) -> Tally:
    own = [(one.subject.trial, check) for one in verdicts for check in one.checks if check.name == name]
    return Tally(
        name=name,
        promises=tuple(dict.fromkeys(check.promise for _, check in own)),
        kept=sum(1 for _, check in own if check.outcome == "kept"),
        violated=tuple(number for number, check in own if check.outcome == "violated"),
        unchecked=tuple(number for number, check in own if check.outcome == "not checked"),
    )
