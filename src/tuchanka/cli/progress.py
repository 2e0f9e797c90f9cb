"""Progress on the terminal: a live line per running step, a plain line per finished one, all on standard error."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from tuchanka.lab.progress import Note


class TerminalProgress:
    """Shows steps while they run (on a terminal) and how long each took."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.fields[stage]:<10}"),
            TextColumn("{task.fields[node]:<14}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.lock = threading.Lock()

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    @contextmanager
    def step(self, stage: str, node: str = "") -> Iterator[Note]:
        """Show one step."""
        began = time.monotonic()
        task = self.bars.add_task(stage, stage=stage, node=node, note="", total=None)
        notes = [""]

        def note(text: str) -> None:
            notes[0] = text
            self.bars.update(task, note=text[:80])

        mark, style = "✗", "red"
        try:
            yield note
            mark, style = "✓", "green"
        finally:
            self.bars.remove_task(task)
            took = f"{time.monotonic() - began:6.1f} s"
            last = f"  {notes[0]}" if stage == "restore" or stage.startswith("trial ") or mark == "✗" else ""
            self.console.print(f"[{style}]{mark}[/] {stage:<10} {node:<14} {took}", end="")
            self.console.print(last, style="dim", markup=False, soft_wrap=True)
