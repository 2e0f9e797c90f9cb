"""How stages and operations say what they are doing, without knowing who watches."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Note = Callable[[str], None]


class Progress(Protocol):
    """Shows timed steps. A step that raises is shown as failed, and the exception goes on."""

    def step(self, stage: str, node: str = "") -> AbstractContextManager[Note]:
        """Show one step of a stage on a node (or of all); the note given back is told details as they come."""


class Silent:
    """Shows nothing."""

    def step(self, stage: str, node: str = "") -> AbstractContextManager[Note]:
        """Do nothing but hand out a note that nobody reads."""
        return nullcontext(lambda _: None)
