"""Commands that measure: heartbeat, faults."""

import sys
import time
from collections import Counter
from typing import Annotated

import typer

from tuchanka.cli import faults
from tuchanka.cli.context import open_lab, run, settings
from tuchanka.cli.live_heartbeat import watch_heartbeat
from tuchanka.cli.output import show
from tuchanka.events import Event, Read, Write, to_json
from tuchanka.heartbeat.client import configure, recording


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(heartbeat)
    app.add_typer(faults.app, name="fault")


class _Tally:
    """Counts the heartbeat's events for a line a second."""

    def __init__(self, instances: list[str]) -> None:
        self.writes: dict[str, Counter[str]] = {name: Counter() for name in instances}
        self.reads: dict[str, Counter[str]] = {name: Counter() for name in instances}
        self.oldest = dict.fromkeys(instances, 0.0)
        self.shown = time.monotonic()

    def feed(self, event: Event) -> None:
        """Count an event, and show the line when its second is over."""
        self.count(event)
        if time.monotonic() - self.shown >= 1:
            self.show()

    def count(self, event: Event) -> None:
        """Count an event."""
        match event:
            case Write():
                self.writes[event.instance][event.outcome] += 1
            case Read():
                self.reads[event.instance]["read" if event.ok else "not read"] += 1
                self.oldest[event.instance] = max(self.oldest[event.instance], event.age)

    def show(self) -> None:
        """Print a line per instance of everything so far."""
        for name, counter in self.writes.items():
            counts = ", ".join(f"{number} {what}" for what, number in (*counter.items(), *self.reads[name].items()))
            show(f"{name}: {counts or 'nothing yet'}, oldest read {self.oldest[name]:.2f} s")
        self.shown = time.monotonic()


def heartbeat(
    context: typer.Context,
    instances: Annotated[list[str] | None, typer.Argument(help="Instances.", show_default="all")] = None,
    rate: Annotated[float, typer.Option(min=0.1, max=100, help="Beats a second.")] = 10.0,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Seconds.", show_default="until Ctrl-C")] = None,
) -> None:
    """Write and read through the floating addresses and show what comes back; --json prints every event."""
    lab = open_lab(context)
    every = [instance.name for cluster in lab.topology.clusters for instance in cluster.instances]
    names = list(dict.fromkeys(instances or every))
    pairs = [(lab.topology.cluster_with_instance(name), name) for name in names]
    config = configure(lab, [(c, c.instance(name)) for c, name in pairs], rate=rate, duration_s=duration)
    tally = _Tally(names)

    async def record() -> None:
        sink = (lambda event: typer.echo(to_json(event))) if settings(context).json else tally.feed
        async with recording(lab, config, sink) as ended:
            await ended

    live = sys.stdout.isatty() and not settings(context).json
    try:
        run(watch_heartbeat(lab, config, tally.count) if live else record())
    except KeyboardInterrupt:
        if duration is not None:
            raise
    if not settings(context).json:
        tally.show()
    if not settings(context).json and any(set(c) != {"acknowledged"} for c in tally.writes.values()):
        raise typer.Exit(1)
