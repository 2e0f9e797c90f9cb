"""What changed from look to look, and how it is written. Apart from the view, which takes long to import."""

from collections.abc import Awaitable, Callable

from rich.text import Text

from tuchanka.stacks.pacemaker.changes import Change, changes
from tuchanka.stacks.pacemaker.state import ClusterState
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
