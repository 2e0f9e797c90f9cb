"""What was checked of a trial, which promise each check is about, and how it came out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["held", "broken", "not checked"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: ``promise`` is what the topology promises, in words; ``detail`` what was seen, or why nothing was.

    A check that couldn't be made is "not checked": it isn't a pass.
    """

    name: str
    promise: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """How one check came out, without its promise."""

    outcome: Outcome
    detail: str = ""


def find(harm: Iterable[str], unknown: Iterable[str] = (), seen: str = "") -> Finding:
    """Return broken where any harm was seen, else not checked where anything is unknown, else held."""
    broken, missing = list(dict.fromkeys(harm)), list(dict.fromkeys(unknown))
    if broken:
        return Finding("broken", "; ".join(broken))
    return Finding("not checked", "; ".join(missing)) if missing else Finding("held", seen)
