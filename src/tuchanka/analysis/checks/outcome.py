"""What was checked of a trial, which promise each check is about, and how it came out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

PromiseOutcome = Literal["kept", "violated", "not checked"]
OUTCOMES: tuple[PromiseOutcome, ...] = get_args(PromiseOutcome)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check: ``promise`` is what the topology promises, in words; ``detail`` what was seen, or why nothing was.

    A check that couldn't be made is "not checked": it isn't a pass.
    """

    name: str
    promise: str
    outcome: PromiseOutcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one check came out, without its promise."""

    outcome: PromiseOutcome
    detail: str = ""


def judged(harm: Iterable[str], unknown: Iterable[str] = (), seen: str = "") -> Judgement:
    """Return violated where any harm was seen, else not checked where anything is unknown, else kept."""
    violations, missing = list(dict.fromkeys(harm)), list(dict.fromkeys(unknown))
    if violations:
        return Judgement("violated", "; ".join(violations))
    return Judgement("not checked", "; ".join(missing)) if missing else Judgement("kept", seen)
