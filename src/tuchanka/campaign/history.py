"""The history of a run: a file that is only appended to, and the events in memory for whoever waits on them."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tuchanka import __version__
from tuchanka.events import Clock, Event, RunStarted, to_json
from tuchanka.lab.lab import Lab


class History:
    """Appends events to ``history.jsonl``; each is on disk as a whole line or not at all (line buffering)."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.events: list[Event] = []
        self.watchers: list[Callable[[Event], None]] = []
        self._file = path.open("w", buffering=1)

    def add(self, event: Event) -> None:
        """Append an event and show it to the watchers."""
        self._file.write(to_json(event) + "\n")
        self.events.append(event)
        for watch in self.watchers:
            watch(event)

    def begin(self, lab: Lab, versions: dict[str, str]) -> None:
        """Write what is measured, on what."""
        now = time.monotonic()
        self.add(Clock(now, time.time()))
        self.add(
            RunStarted(
                now,
                lab=lab.topology.name,
                profile=lab.timing.profile,
                provider=lab.topology.provider,
                cores=os.cpu_count() or 0,
                versions={
                    "tuchanka": __version__,
                    "Python": ".".join(map(str, sys.version_info[:3])),
                    "kernel": os.uname().release,
                    **versions,
                },
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
