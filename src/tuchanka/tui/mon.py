"""The live view of clusters: the state of each as ``status`` shows it, and below what changed while one looked."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Footer, RichLog, Static

from tuchanka.cluster.changes import Change, changes
from tuchanka.cluster.health import problems
from tuchanka.cluster.state import ClusterState
from tuchanka.errors import TuchankaError
from tuchanka.report.state import state_view
from tuchanka.topology.types import Cluster

Seen = list[tuple[Cluster, ClusterState]]
Look = Callable[[], Awaitable[Seen]]
INTERVAL_S = 1.0
STYLES = {"good": "green", "bad": "bold red", "plain": ""}
MARKS = {"good": "✓", "bad": "✗", "plain": "·"}


class Changes:
    """Compares each look with the one before it."""

    def __init__(self) -> None:
        self._before: dict[str, ClusterState] = {}

    def take(self, seen: Seen) -> list[Change]:
        """Return what changed since the last look; the first look of a cluster shows nothing."""
        found = [
            change
            for _, state in seen
            if state.name in self._before
            for change in changes(self._before[state.name], state)
        ]
        self._before.update({state.name: state for _, state in seen})
        return found


def line(change: Change, when: str) -> Text:
    """Return a change as a line of the log."""
    return Text.assemble(
        (f"{when} ", "dim"),
        (f"{MARKS[change.tone]} ", STYLES[change.tone]),
        (f"{change.cluster}  ", "dim"),
        (change.text, STYLES[change.tone]),
    )


class Mon(App[None]):
    """The view; ``look`` is asked again and again, and ends the view with its error."""

    TITLE = "tuchanka mon"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layout: vertical; }
    #clusters { height: 1fr; }
    .cluster { padding: 0 1; }
    #events { height: 10; border-top: solid $primary; padding: 0 1; }
    #when { height: 1; padding: 0 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "quit", "Quit"),
        ("ctrl+c", "quit", "Quit"),
        ("space", "pause", "Pause"),
        ("e", "events", "Larger events"),
    ]

    def __init__(self, look: Look, names: list[str], *, interval_s: float = INTERVAL_S) -> None:
        super().__init__()
        self.failure: TuchankaError | None = None
        self.looks = 0
        self._look = look
        self._names = names
        self._interval_s = interval_s
        self._paused = False
        self._changes = Changes()

    def compose(self) -> ComposeResult:
        """Lay out the clusters above the events."""
        yield Static("looking …", id="when")
        with VerticalScroll(id="clusters"):
            for name in self._names:
                yield Static(f"{name}: looking …", id=f"cluster-{name}", classes="cluster")
        yield RichLog(id="events", wrap=True, max_lines=1000)
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        self.query_one("#clusters").focus()
        self.query_one(RichLog).border_title = "changes"
        self.run_worker(self._watch(), exclusive=True)

    def action_pause(self) -> None:
        """Stop looking, or go on; what is shown stays."""
        self._paused = not self._paused
        self._say()

    def action_events(self) -> None:
        """Give the events half of the screen, or less again."""
        events = self.query_one(RichLog)
        events.styles.height = 10 if str(events.styles.height) == "50%" else "50%"

    async def _watch(self) -> None:
        while True:
            if not self._paused:
                try:
                    self.show(await self._look())
                except TuchankaError as error:
                    self.failure = error
                    self.exit()
                    return
            await asyncio.sleep(self._interval_s)

    def show(self, seen: Seen) -> None:
        """Show one look."""
        for cluster, state in seen:
            self.query_one(f"#cluster-{cluster.name}", Static).update(state_view(state, problems(state, cluster)))
        events = self.query_one(RichLog)
        for change in self._changes.take(seen):
            events.write(line(change, time.strftime("%H:%M:%S")))
        self.looks += 1
        self._say()

    def _say(self) -> None:
        paused = "  paused" if self._paused else ""
        self.query_one("#when", Static).update(f"{time.strftime('%H:%M:%S')}{paused}")
