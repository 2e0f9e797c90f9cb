"""The live view of clusters: the state of each as ``status`` shows it, and below what changed while one looked."""

import asyncio
import time
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Footer, RichLog, Static

from tuchanka.errors import TuchankaError
from tuchanka.report.cluster_state import state_view
from tuchanka.stacks.pacemaker.health import problems
from tuchanka.tui.changes import INTERVAL_S, Changes, Look, Seen, line


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
        self._interval_s = interval_s
        self._paused = False
        self._changes = Changes()
        # Held here, not looked up: a look may end when the view is already being taken down.
        self._when = Static("looking …", id="when")
        self._views = {name: Static(f"{name}: looking …", id=f"cluster-{name}", classes="cluster") for name in names}
        self._events = RichLog(id="events", wrap=True, max_lines=1000)

    def compose(self) -> ComposeResult:
        """Lay out the clusters above the events."""
        yield self._when
        with VerticalScroll(id="clusters"):
            yield from self._views.values()
        yield self._events
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        self.query_one("#clusters").focus()
        self._events.border_title = "changes"
        self.run_worker(self._watch(), exclusive=True)

    def action_pause(self) -> None:
        """Stop looking, or go on; what is shown stays."""
        self._paused = not self._paused
        self._say()

    def action_events(self) -> None:
        """Give the events half of the screen, or less again."""
        events = self._events
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
            self._views[cluster.name].update(state_view(state, problems(state, cluster)))
        for change in self._changes.take(seen):
            self._events.write(line(change, time.strftime("%H:%M:%S")))
        self.looks += 1
        self._say()

    def _say(self) -> None:
        paused = "  paused" if self._paused else ""
        self._when.update(f"{time.strftime('%H:%M:%S')}{paused}")
