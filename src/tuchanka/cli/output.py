"""Printing: tables for people, JSON for programs, both on standard output."""

import json
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

# Where no terminal sets a width, a table must not be cut.
PIPE_COLUMNS = 160


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 - it is called while that error is handled; main says what becomes of it


def show(what: RenderableType) -> None:
    """Print something for people; a line stays one line, only tables are fitted to the terminal."""
    console = _Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_COLUMNS
    console.print(what, soft_wrap=isinstance(what, str | Text))


def show_json(value: Any) -> None:
    """Print something for programs."""
    _Console(highlight=False, soft_wrap=True, markup=False).print(json.dumps(value, indent=1, default=str))
