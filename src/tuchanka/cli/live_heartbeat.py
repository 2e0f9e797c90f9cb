"""The heartbeat on a terminal: a view that is drawn again and again, and stays when it ends."""

import asyncio
import contextlib
from collections.abc import Callable

from rich.console import Console
from rich.live import Live

from tuchanka.events import Event
from tuchanka.heartbeat.client import recording
from tuchanka.heartbeat.config import Config
from tuchanka.lab.lab import Lab
from tuchanka.tui.beats import Beats
from tuchanka.tui.heartbeat import heartbeat_view

REDRAW_S = 0.25


async def watch_heartbeat(lab: Lab, config: Config, count: Callable[[Event], None]) -> None:
    """Record until the config's duration is over; ``count`` gets every event, too."""
    beats = Beats(config)
    console = Console()

    def take(event: Event) -> None:
        beats.feed(event)
        count(event)

    # Drawn by us, not by Live's own thread, which would read figures that are just being changed.
    with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
        async with recording(lab, config, take) as ended:
            while not ended.done():
                live.update(heartbeat_view(beats, width=console.width), refresh=True)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(ended), REDRAW_S)
            live.update(heartbeat_view(beats, width=console.width), refresh=True)
            await ended
