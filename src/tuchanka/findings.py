"""A finding: what a lint says about one key of one file."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (``error``) or that the owner should know (``warning``)."""

    severity: Literal["error", "warning"]
    file: str
    key: str
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.file}: {self.key}: {self.what}; {self.instead}"
