"""The history of a run: a file that is only appended to, and the events in memory for those who wait on them."""

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tuchanka.events import Event, to_json
from tuchanka.events.history import load


class History:
    """Appends events to ``history.jsonl``; each is on disk as a whole line or not at all (line buffering).

    What the file held before is in ``events``, too; an unfinished last line (its writer was killed) is cut off.

    Raises:
        InputError: the file holds something else than a history.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.events: list[Event] = load(path) if path.exists() else []
        self.watchers: list[Callable[[Event], None]] = []
        self._file = path.open("a", buffering=1, encoding="utf-8")
        self._file.truncate(whole_lines(path))

    @property
    def folder(self) -> Path:
        """Where the history is, and what belongs to it."""
        return self.path.parent

    def add(self, event: Event) -> None:
        """Append an event and show it to the watchers."""
        self._file.write(to_json(event) + "\n")
        self.events.append(event)
        for watch in self.watchers:
            watch(event)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def whole_lines(path: Path) -> int:
    """Return how many bytes of the file are whole lines."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            begin = max(0, end - (1 << 16))
            file.seek(begin)
            at = file.read(end - begin).rfind(b"\n")
            if at >= 0:
                return begin + at + 1
            end = begin
    return 0
