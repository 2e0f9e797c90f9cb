"""Who fenced whom, how, and how long that took: of one trial in words, of many by their kind. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from tuchanka.events.fencings import SELF, Fencing
from tuchanka.report.figures import NONE, seconds
from tuchanka.report.groups import Group, Key
from tuchanka.report.statistics import Spread, spread
from tuchanka.report.text import clean

DEVICE, UNTOLD = "its device", "unknown"


@dataclass(frozen=True, slots=True)
class FencingRow:
    """The fencings of one kind of trial in one way; ``failed``: how many failed, or were never done."""

    key: Key
    how: str
    count: int
    failed: int
    took: Spread | None

    @property
    def median(self) -> str:
        """How long they took from the request on, the median of those that succeeded."""
        return seconds(self.took.median) if self.took else NONE

    @property
    def longest(self) -> str:
        """How long the longest of those took."""
        return seconds(self.took.worst) if self.took else NONE


def fencing_rows(groups: Iterable[Group]) -> list[FencingRow]:
    """Return a row for each kind of trial and each way in which nodes were fenced in it."""
    return [row for group in groups for row in _rows(group)]


def fenced_as(one: Fencing) -> str:
    """Return in which way a node was fenced."""
    if one.how == SELF:
        return SELF
    return DEVICE if one.how else UNTOLD


def fencing_line(one: Fencing) -> str:
    """Return one fencing as a sentence."""
    if one.ended is None:
        line = f"{one.target} was to be fenced by {one.by}, {_asked(one)}, and never was"
    elif not one.well:
        line = f"{one.by} could not fence {one.target}: given up {seconds(one.seconds)} after it was asked for"
    elif one.how == SELF:
        taken = f"taken for granted by {one.by} {seconds(one.seconds)} after it was asked for"
        line = f"{one.target} fenced by {SELF}: {taken}"
    else:
        device = f" (device {one.how})" if one.how else ""
        line = f"{one.target} fenced by {one.by}{device}, {seconds(one.seconds)} after it was asked for"
    return clean(line)


def _asked(one: Fencing) -> str:
    return f"asked for {seconds(one.requested)} after the fault"


def _rows(group: Group) -> list[FencingRow]:
    every = [one for trial in group.trials for one in trial.verdict.fencing]
    found = []
    for how in (DEVICE, SELF, UNTOLD):
        ones = [one for one in every if fenced_as(one) == how]
        if ones:
            took = [one.seconds for one in ones if one.well and one.seconds is not None]
            failed = sum(1 for one in ones if not one.well)
            found.append(FencingRow(group.key, how, len(ones), failed, spread(took)))
    return found
