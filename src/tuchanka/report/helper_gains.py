"""Which helpers were on in one run and off in another: the runs' differences are their gain. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from tuchanka.events import RunStarted
from tuchanka.report.runs import Report, Run


@dataclass(frozen=True, slots=True)
class HelperGain:
    """A later run beside the first: the helpers that are on only in the one or in the other.

    ``recorded`` is False where one history doesn't say which were on; ``besides`` is what else differs between the
    runs, so that the helpers alone don't account for the differences.
    """

    first: str
    later: str
    only_first: tuple[str, ...]
    only_later: tuple[str, ...]
    besides: tuple[str, ...] = ()
    recorded: bool = True

    def __str__(self) -> str:
        """Return it as a sentence or two."""
        if not self.recorded:
            return f"Not every history says which helpers were on: what {self.later} has of them is not known."
        sides = ((self.only_first, self.first, self.later), (self.only_later, self.later, self.first))
        told = "; ".join(f"on in {one}, off in {other}: {', '.join(names)}" for names, one, other in sides if names)
        whose = "this helper gains" if len(self.only_first + self.only_later) == 1 else "these helpers gain together"
        if self.only_first and self.only_later:
            whose = "the one set of helpers gains over the other"
        also = f", as far as it is not due to what else differs: {', '.join(self.besides)}" if self.besides else ""
        return f"Helpers {told}. The differences are what {whose}{also}."


def helper_gains(report: Report) -> tuple[HelperGain, ...]:
    """Return every later run whose helpers aren't known to be those of the first; nothing where none is compared."""
    if not report.compare:
        return ()
    first, *others = report.runs
    return tuple(_gain(first, other) for other in others if _helpers(first) != _helpers(other))


def _gain(first: Run, later: Run) -> HelperGain:
    before, after = _helpers(first), _helpers(later)
    return HelperGain(
        first=first.name,
        later=later.name,
        only_first=_sorted(name for name, on in before.items() if on and not after.get(name)),
        only_later=_sorted(name for name, on in after.items() if on and not before.get(name)),
        besides=_besides(first.started, later.started),
        recorded=bool(before and after),
    )


def _helpers(run: Run) -> dict[str, bool]:
    return run.started.helpers if run.started else {}


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _besides(first: RunStarted | None, later: RunStarted | None) -> tuple[str, ...]:
    """Return what else of the runs differs."""
    if first is None or later is None:
        return ()
    facts = {
        "timing profile": (first.profile, later.profile),
        "provider": (first.provider, later.provider),
        "cores of the host": (first.cores, later.cores),
        "versions": (first.versions, later.versions),
    }
    return tuple(name for name, (one, other) in facts.items() if one != other)
