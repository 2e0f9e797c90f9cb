"""The heartbeat's last minute as people read it on a terminal. Pure."""

import math

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tuchanka.tui.beats import MINUTE_S, BeatRow, Beats, InstanceBeats, Second, share

BLOCKS = "▁▂▃▄▅▆▇█"
COLOURS = {
    "acknowledged": "green",
    "warned": "bold red",
    "refused": "yellow",
    "indeterminate": "magenta",
    "read": "cyan",
    "stale": "yellow",
    "not read": "red",
}
ROLES = {"primary": "bold green", "standby": "cyan", "unreachable": "red", "": "dim"}
# The least and the most that the height of a block tells apart, in seconds.
LOWEST_S, HIGHEST_S = 0.001, 1.0
# What stands beside the sparkline.
OTHER_COLUMNS = 62
ERROR_SECONDS = 10
# A terminal narrower than this gets the short words.
NARROW = 120
SHORT = {"acknowledged": "ack", "warned": "warn", "refused": "ref", "indeterminate": "ind", "not read": "none"}


def heartbeat_view(beats: Beats, *, width: int) -> RenderableType:
    """Return every instance with its writer, its readers, and which role each node says it has.

    A block is a second, the newest on the right. Its height is the longest latency of a write, or the oldest age of
    a read; its colour the worst outcome.
    """
    seconds = max(10, min(MINUTE_S, width - OTHER_COLUMNS))
    # One width for all instances, so that the same second stands below itself.
    names = max(len(what) for name, instance in beats.instances.items() for what, _ in _named(name, instance))
    parts: list[RenderableType] = []
    for name, instance in beats.instances.items():
        table = _table(names)
        for what, row in _named(name, instance):
            table.add_row(what, *_cells(row, beats.t, seconds, short=width < NARROW))
        parts += [_heading(name, instance), table, *_errors(instance, beats.t)]
    return Group(*parts, legend(seconds))


def legend(seconds: int) -> Text:
    """Return what the colours mean."""
    text = Text(f"last {seconds} s, a second each; ", "dim")
    for outcome, colour in COLOURS.items():
        text.append("█ ", colour).append(f"{outcome}  ", "dim")
    return text.append(" Ctrl-C ends", "dim")


def duration(seconds: float) -> str:
    """Return a latency or an age, in milliseconds up to a second."""
    if math.isnan(seconds):
        return "-"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def sparkline(seconds: list[Second]) -> Text:
    """Return one block a second."""
    text = Text(no_wrap=True)
    for second in seconds:
        worst = second.worst
        if not worst:
            text.append(" ")
        elif worst in {"acknowledged", "warned", "read", "stale"}:
            text.append(block(max(second.figures)), COLOURS[worst])
        else:
            text.append(BLOCKS[-1], COLOURS[worst])
    return text


def block(seconds: float) -> str:
    """Return the block whose height is this long, on a logarithmic scale."""
    clipped = min(max(seconds, LOWEST_S), HIGHEST_S)
    share_of_height = math.log(clipped / LOWEST_S) / math.log(HIGHEST_S / LOWEST_S)
    return BLOCKS[min(int(share_of_height * len(BLOCKS)), len(BLOCKS) - 1)]


def _heading(name: str, instance: InstanceBeats) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis").append(f"{name}  ", "bold")
    for node, role in instance.roles.items():
        text.append(f"{node} ", "dim").append(f"{role or 'not asked yet'}  ", ROLES[role])
    primaries = [node for node, role in instance.roles.items() if role == "primary"]
    if len(primaries) > 1:
        text.append("TWO PRIMARIES", "bold white on red")
    return text


def _named(name: str, instance: InstanceBeats) -> list[tuple[str, BeatRow]]:
    """Return the rows of an instance, each with its name."""
    return [
        (f"write {name}", instance.writer),
        *((f"read {vip}", reader) for vip, reader in instance.readers.items()),
    ]


def _table(names: int) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("", min_width=names, no_wrap=True)
    table.add_column("", no_wrap=True)
    for heading in ("last", "median", "longest"):
        table.add_column(heading, justify="right", min_width=7, no_wrap=True)
    table.add_column("so far")
    return table


def _cells(row: BeatRow, now: float, seconds: int, *, short: bool) -> tuple[Text | str, ...]:
    recent = row.last(now, seconds)
    newest = next((second.figures[-1] for second in reversed(recent) if second.figures), math.nan)
    figures = row.figures(now)
    so_far = Text(" " if short else ", ").join(
        Text(f"{number} {SHORT.get(outcome, outcome) if short else outcome}", COLOURS[outcome])
        for outcome, number in sorted(row.totals.items())
    )
    return sparkline(recent), duration(newest), duration(share(figures, 0.5)), duration(share(figures, 1.0)), so_far


def _errors(instance: InstanceBeats, now: float) -> list[Text]:
    """Return the newest error of each row that had one a moment ago."""
    rows = {"write": instance.writer, **instance.readers}
    return [
        Text(f"  {what}: {row.error}", "red", no_wrap=True, overflow="ellipsis")
        for what, row in rows.items()
        if row.error
        and any(
            second.worst in {"warned", "refused", "indeterminate", "not read"}
            for second in row.last(now, ERROR_SECONDS)
        )
    ]
