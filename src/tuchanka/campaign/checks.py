"""What was checked of a trial, which promise each check is about, and how it came out."""

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
