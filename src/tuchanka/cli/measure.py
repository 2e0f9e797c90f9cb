"""Commands that measure: demo, test, heartbeat, report."""

import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tuchanka.campaign.history import History
from tuchanka.campaign.run import Plan, plan_trials, run_trials
from tuchanka.cli import faults
from tuchanka.cli.beats import watch_heartbeat
from tuchanka.cli.context import choose, held_lab, lab_path, open_lab, read_topology, run, settings
from tuchanka.cli.machines import raise_clusters
from tuchanka.cli.output import show
from tuchanka.cli.progress import TerminalProgress
from tuchanka.doctor import require_host
from tuchanka.errors import InputError
from tuchanka.events import Event, Read, TrialStarted, Write, read_history, to_json
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import find
from tuchanka.heartbeat.client import configure, recording
from tuchanka.report.console import phases_table, trials_table
from tuchanka.report.write import write_reports

DEMO_CLUSTER = "tuchanka2"
Out = Annotated[Path | None, typer.Option(help="A new folder for the report.", show_default="by date and time")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (demo, report, heartbeat):
        app.command()(command)
    app.command("test")(measure)
    app.add_typer(faults.app, name="fault")


def _folder(out: Path | None, what: str) -> Path:
    """Return the report's folder; a measurement is never overwritten."""
    folder = (out or Path("tuchanka-reports") / f"{datetime.now():%Y%m%d-%H%M%S}-{what}").absolute()  # noqa: DTZ005 - local
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("is not an empty folder", where=str(folder), hint="name a new one with --out")
    above = next(path for path in folder.parents if path.exists())
    if not above.is_dir():
        raise InputError("is not a folder", where=str(above), hint="name a new one with --out")
    return folder


def _measure(context: typer.Context, plan: list[Plan], names: list[str], folder: Path) -> bool:
    """Run the trials and write and show the reports; return whether all of them recovered."""
    with held_lab(context, make=True) as lab, TerminalProgress() as progress:
        run(raise_clusters(lab, choose(lab.topology, names), progress))
        with History(folder / "history.jsonl") as history:
            try:
                run(run_trials(lab, plan, history, progress))
            finally:
                verdicts = write_reports(folder, history.events)
    if settings(context).json:
        typer.echo((folder / "summary.json").read_text(), nl=False)
    else:
        show(trials_table(verdicts))
        for verdict in verdicts:
            show(phases_table(verdict))
        show(f"report: {folder / 'report.html'}")
    return bool(verdicts) and all(verdict.recovered for verdict in verdicts)


def demo(context: typer.Context, out: Out = None) -> None:
    """Build tuchanka2, cut its primary's power, watch it fail over, mend it, and report."""
    folder = _folder(out, "demo")
    choose(read_topology(context)[0], [DEMO_CLUSTER])
    require_host(state=lab_path(context))
    plan = [Plan(DEMO_CLUSTER, "power-off", "primary")]
    recovered = _measure(context, plan, [DEMO_CLUSTER], folder)
    if not settings(context).json:
        show(
            f"\nThe lab is still running; its state is in {lab_path(context)}. Go on with:\n"
            "  tuchanka status           its state now      tuchanka mon        the same, live\n"
            f"  tuchanka test {DEMO_CLUSTER} --rounds 5       five more power losses\n"
            "  tuchanka ssh tuchanka2a   log in             tuchanka destroy    take it all away"
        )
    if not recovered:
        raise typer.Exit(1)


def measure(
    context: typer.Context,
    clusters: Annotated[list[str] | None, typer.Argument(help="Clusters.", show_default="all")] = None,
    fault: Annotated[list[str] | None, typer.Option(help="A fault; may be repeated.", show_default="all")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each fault is tried.")] = 1,
    target: Annotated[str, typer.Option(help="primary, standby, or a node.")] = "primary",
    out: Out = None,
) -> None:
    """Measure faults, one trial after another: [bold]tuchanka test tuchanka2 --fault power-off --rounds 5[/]."""
    folder = _folder(out, "test")
    topology, _ = read_topology(context)
    chosen_faults = [find(CATALOGUE, name).name for name in fault or sorted(CATALOGUE)]
    if target not in {"primary", "standby"} and not clusters:
        clusters = [topology.cluster_of(target).name]
    chosen = choose(topology, clusters)
    if target not in {"primary", "standby"}:
        for cluster in chosen:
            cluster.node(target)
    names = [cluster.name for cluster in chosen]
    require_host(state=lab_path(context))
    if not _measure(context, plan_trials(names, chosen_faults, rounds=rounds, target=target), names, folder):
        raise typer.Exit(1)


def report(
    context: typer.Context, folder: Annotated[Path, typer.Argument(help="A folder with a history.jsonl.")]
) -> None:
    """Write the reports of a measured run again, from its history alone, and show the figures.

    Exit status 1 if a trial failed.
    """
    file = folder / "history.jsonl"
    try:
        with file.open(encoding="utf-8") as lines:
            events = list(read_history(lines, where=str(file)))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
        raise InputError(f"can't be read: {reason}", where=str(file), hint="name a report's folder") from error
    if not any(isinstance(event, TrialStarted) for event in events):
        raise InputError("holds no trial", where=str(file), hint="name the folder of another run")
    verdicts = write_reports(folder, events)
    if settings(context).json:
        typer.echo((folder / "summary.json").read_text(), nl=False)
    else:
        show(trials_table(verdicts))
        show(f"report: {folder / 'report.html'}")
    if not all(verdict.recovered for verdict in verdicts):
        raise typer.Exit(1)


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
