"""How ``mon`` shows what it sees: a view on a terminal, else a line for every change."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable

import typer
from rich.console import Console
from rich.live import Live

from tuchanka.cli.context import run
from tuchanka.stacks.pacemaker.health import problems
from tuchanka.tui.changes import INTERVAL_S, MARKS, Changes, Look, Seen
from tuchanka.tui.keys import HANG_UP, pressed
from tuchanka.tui.mon import Mon

# Not a key: something else is to be shown.
_REDRAW = ""


def watch(look: Look, names: list[str], *, as_json: bool) -> None:
    """Look until Ctrl-C (or ``q``).

    Raises:
        TuchankaError: looking failed.
    """
    on_terminal = sys.stdout.isatty() and sys.stdin.isatty() and not as_json
    try:
        run(_view(look, names) if on_terminal else _lines(look, as_json=as_json))
    except KeyboardInterrupt:
        return


async def _view(look: Look, names: list[str]) -> None:
    """Show the view until ``q`` is pressed or looking fails."""
    keys: asyncio.Queue[str] = asyncio.Queue()
    console = Console()
    with Live(console=console, screen=True, auto_refresh=False) as live, pressed(keys.put_nowait):
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, keys.put_nowait, _REDRAW)
        await drive(Mon(names), look, keys, lambda mon: live.update(mon.draw(console), refresh=True))


async def drive(
    mon: Mon, look: Look, keys: asyncio.Queue[str], draw: Callable[[Mon], None], *, interval_s: float = INTERVAL_S
) -> None:
    """Look again and again, hand the keys to the view, and draw it after each, until ``q`` or a failed look.

    Raises:
        TuchankaError: looking failed.
    """

    async def look_again() -> None:
        while True:
            if not mon.paused:
                mon.show(await look(), time.strftime("%H:%M:%S"))
                keys.put_nowait(_REDRAW)
            await asyncio.sleep(interval_s)

    looking = asyncio.create_task(look_again())
    looking.add_done_callback(lambda _: keys.put_nowait(_REDRAW))
    try:
        while not looking.done():
            draw(mon)
            key = await keys.get()
            if key in {"q", HANG_UP}:
                return
            mon.press(key)
        await looking
    finally:
        looking.cancel()
        await asyncio.wait([looking])


async def _lines(look: Look, *, as_json: bool) -> None:
    """Write whether each cluster is healthy, then each change, with the time at which it was seen."""
    compared = Changes()
    first = await look()
    for cluster, state in first:
        reasons = problems(state, cluster)
        _write(cluster.name, "; ".join(reasons) or "healthy", "bad" if reasons else "good", as_json=as_json)
    seen: Seen = first
    while True:
        for change in compared.take(seen):
            _write(change.cluster, change.text, change.tone, as_json=as_json)
        await asyncio.sleep(INTERVAL_S)
        seen = await look()


def _write(cluster: str, text: str, tone: str, *, as_json: bool) -> None:
    when = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    if as_json:
        typer.echo(json.dumps({"time": when, "cluster": cluster, "tone": tone, "text": text}))
    else:
        typer.echo(f"{when} {MARKS[tone]} {cluster}: {text}")
    sys.stdout.flush()
