"""Reading the history of a run from its file."""

from pathlib import Path

from tuchanka.errors import InputError
from tuchanka.events.event import Event
from tuchanka.events.lines import read_history

FILE = "history.jsonl"


def load(path: Path) -> list[Event]:
    """Read a history.

    Raises:
        InputError: it can't be read, or isn't one.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            return list(read_history(lines, where=str(path)))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
        raise InputError(f"can't be read: {reason}", where=str(path), hint="name a report's folder") from error
