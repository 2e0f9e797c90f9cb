"""The live view of clusters: the state of each as ``status`` shows it, and below what changed meanwhile. Pure."""

from collections import deque
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.segment import Segment, SegmentLines
from rich.text import Text

from tuchanka.stacks.pacemaker.health import problems
from tuchanka.tui.changes import Changes, Seen, line
from tuchanka.tui.cluster_state import state_view

HELP = " q quit   space pause   e more changes   ↑ ↓ PgUp PgDn scroll   Tab scroll the other part"
CHANGES = 1000
# Lines for the changes where they were not given half of the screen.
FEW_CHANGES = 9
# The time, the line between the parts, and the keys.
FRAME = 3
Lines = list[list[Segment]]


@dataclass(slots=True)
class Pane:
    """A part of the screen: ``first`` is the line of its content that is shown at its top.

    A pane that ``follows`` shows the end of its content, until somebody scrolls it away from there.
    """

    first: int = 0
    height: int = 1
    length: int = 0
    follows: bool = False

    @property
    def last(self) -> int:
        """The line at the top when the end is shown."""
        return max(0, self.length - self.height)

    def scroll(self, key: str) -> None:
        """Scroll as the key says."""
        moved = {
            "up": self.first - 1,
            "down": self.first + 1,
            "page up": self.first - self.height,
            "page down": self.first + self.height,
            "home": 0,
            "end": self.last,
        }
        self.first = min(max(0, moved.get(key, self.first)), self.last)

    def window(self, content: Lines, height: int) -> Lines:
        """Return as many lines as are shown, filled up with empty ones."""
        at_end = self.first >= self.last
        self.height, self.length = height, len(content)
        self.first = self.last if self.follows and at_end else min(self.first, self.last)
        shown = content[self.first : self.first + height]
        return shown + [[] for _ in range(height - len(shown))]


class Mon:
    """What is shown: the last look at each cluster, and the changes. Keys come in, a screen comes out."""

    def __init__(self, names: list[str]) -> None:
        self.paused = False
        self._clusters: dict[str, RenderableType] = {name: Text(f"{name}: looking …") for name in names}
        self._changes = Changes()
        self._log: deque[Text] = deque(maxlen=CHANGES)
        self._when = "looking …"
        self._half = False
        self._panes = (Pane(), Pane(follows=True))
        self._scrolled = 0

    def show(self, seen: Seen, when: str) -> None:
        """Take one look, at the time ``when``."""
        for cluster, state in seen:
            self._clusters[cluster.name] = state_view(state, problems(state, cluster))
        self._log.extend(line(change, when) for change in self._changes.take(seen))
        self._when = when

    def press(self, key: str) -> None:
        """Take a key; one that means nothing here does nothing."""
        match key:
            case "space":
                self.paused = not self.paused
            case "e":
                self._half = not self._half
            case "tab":
                self._scrolled = 1 - self._scrolled
            case _:
                self._panes[self._scrolled].scroll(key)

    def draw(self, console: Console) -> RenderableType:
        """Return the whole screen, for a terminal of this size."""
        _, height = console.size
        below = min(height // 2 if self._half else min(FEW_CHANGES, height // 3), max(0, height - FRAME - 1))
        upper, lower = self._panes
        clusters = upper.window(_lines(console, Group(*self._clusters.values())), max(1, height - below - FRAME))
        changes = lower.window(_lines(console, Group(*self._log)), below)
        return SegmentLines(
            [
                *_lines(console, Text(self._when + ("  paused" if self.paused else ""), "dim")),
                *clusters,
                *_lines(console, self._rule()),
                *changes,
                *_lines(console, Text(HELP, "reverse", no_wrap=True, overflow="ellipsis")),
            ][:height],
            new_lines=True,
        )

    def _rule(self) -> Rule:
        """Return the line between the two, with how much of each is out of sight."""
        told = []
        for pane, what in zip(self._panes, ("clusters", "changes"), strict=True):
            hidden = pane.length - pane.height
            more = f", lines {pane.first + 1} to {pane.first + pane.height} of {pane.length}" if hidden > 0 else ""
            told.append(Text(f"{what}{more}", "bold" if pane is self._panes[self._scrolled] else "dim"))
        return Rule(Text("  ").join(told), align="left", style="dim")


def _lines(console: Console, what: RenderableType) -> Lines:
    return console.render_lines(what, console.options.update(height=None), pad=True)
