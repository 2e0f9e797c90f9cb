"""Commands that measure: demo, test, heartbeat, faults."""

import sys
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from tuchanka.campaign.history import History
from tuchanka.campaign.run import Plan, plan_trials, run_trials
from tuchanka.cli.beats import watch_heartbeat
from tuchanka.cli.context import choose, held_lab, lab_path, open_lab, read_topology, run, settings
from tuchanka.cli.machines import raise_clusters
from tuchanka.cli.output import show, show_json
from tuchanka.cli.progress import TerminalProgress
from tuchanka.cli.reports import Out, new_folder, show_report
from tuchanka.doctor import require_host
from tuchanka.events import Event, Read, Write, to_json
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Scene, find
from tuchanka.heartbeat.client import configure, recording
from tuchanka.lab.lab import Lab
from tuchanka.report.write import write_reports

DEMO_CLUSTER = "tuchanka2"

fault_app = typer.Typer(no_args_is_help=True, help="List, inject and heal faults.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (demo, heartbeat):
        app.command()(command)
    app.command("test")(measure)
    app.add_typer(fault_app, name="fault")


def _measure(context: typer.Context, plan: list[Plan], names: list[str], folder: Path) -> bool:
    """Run the trials and write and show the reports; return whether all of them recovered."""
    with held_lab(context, make=True) as lab, TerminalProgress() as progress:
        run(raise_clusters(lab, choose(lab.topology, names), progress))
        with History(folder / "history.jsonl") as history:
            try:
                run(run_trials(lab, plan, history, progress))
            finally:
                report = write_reports(folder, history.events)
    show_report(context, report, phases=True)
    return bool(report.verdicts) and all(verdict.recovered for verdict in report.verdicts)


def demo(context: typer.Context, out: Out = None) -> None:
    """Build tuchanka2, cut its primary's power, watch it fail over, mend it, and report."""
    folder = new_folder(out, "demo")
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
    folder = new_folder(out, "test")
    topology, _ = read_topology(context)
    faults = [find(CATALOGUE, name).name for name in fault or sorted(CATALOGUE)]
    if target not in {"primary", "standby"} and not clusters:
        clusters = [topology.cluster_of(target).name]
    chosen = choose(topology, clusters)
    if target not in {"primary", "standby"}:
        for cluster in chosen:
            cluster.node(target)
    names = [cluster.name for cluster in chosen]
    require_host(state=lab_path(context))
    if not _measure(context, plan_trials(names, faults, rounds=rounds, target=target), names, folder):
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


@fault_app.command("list")
def fault_list(context: typer.Context) -> None:
    """List the faults: what each does, and what should happen then."""
    if settings(context).json:
        show_json(
            [
                {
                    "name": f.name,
                    "family": f.family,
                    "needs": f.needs,
                    "does": f.does,
                    "expect": f.expect,
                    "proves": f.proves,
                }
                for f in CATALOGUE.values()
            ]
        )
        return
    table = Table("fault", "does", "what should happen", "needs")
    for fault in CATALOGUE.values():
        table.add_row(fault.name, fault.does, fault.expect, ", ".join(fault.needs))
    show(table)


def _nodes(lab: Lab, target: str) -> list[str]:
    """Return the machines that a machine's or a site's name stands for."""
    in_site = [machine.name for machine in lab.topology.machines if machine.site == target]
    return in_site or [lab.topology.machine(target).name]


@fault_app.command("inject")
def fault_inject(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A fault.")],
    target: Annotated[str, typer.Argument(help="A node or a site.")],
) -> None:
    """Inject a fault now: [bold]tuchanka fault inject power-off tuchanka2a[/]."""
    fault = find(CATALOGUE, name)
    with held_lab(context) as lab:
        scene = Scene(lab, target, tuple(lab.machine(node) for node in _nodes(lab, target)))

        async def inject() -> None:
            await fault.apply(scene)

        with TerminalProgress() as progress, progress.step(name, target):
            run(inject())


@fault_app.command("heal")
def fault_heal(
    context: typer.Context,
    target: Annotated[str | None, typer.Argument(help="A node or a site.", show_default="everything")] = None,
) -> None:
    """Take back every fault; a node that was lost then waits for [bold]tuchanka restore[/]."""
    with held_lab(context) as lab:
        made = [m.name for m in lab.topology.machines if lab.machine(m.name).snapshots()]
        names = _nodes(lab, target) if target else made
        scene = Scene(lab, target or "everything", tuple(lab.machine(node) for node in names))

        async def heal() -> None:
            for fault in CATALOGUE.values():
                await fault.heal(scene)

        with TerminalProgress() as progress, progress.step("heal", target or "everything"):
            run(heal())
