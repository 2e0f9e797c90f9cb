"""Commands that run trials: demo and test."""

import shlex
import time
from pathlib import Path
from random import SystemRandom
from typing import Annotated

import typer

from tuchanka.campaign import resume
from tuchanka.campaign.history import History
from tuchanka.campaign.plan import Wish, make_plan, to_event
from tuchanka.campaign.runner import Orders, run_campaign
from tuchanka.cli.campaign_plan import seconds_of, show_plan
from tuchanka.cli.context import choose, held_lab, lab_path, read_topology, run, settings
from tuchanka.cli.faults import why_not
from tuchanka.cli.output import show
from tuchanka.cli.progress import TerminalProgress
from tuchanka.cli.refuse import refuse_errors
from tuchanka.cli.reports import Out, new_folder, show_report
from tuchanka.doctor import require_host
from tuchanka.errors import HostError, InputError
from tuchanka.events import CampaignPlanned, Clock
from tuchanka.events.history import FILE, load
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import find
from tuchanka.faults.targets import ROLES, kind_of, resolve, unfit
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Progress
from tuchanka.providers import registry
from tuchanka.report.runs import TOPOLOGY
from tuchanka.report.write import write_reports
from tuchanka.stacks.pacemaker.journal_rules import RULES
from tuchanka.stages import pipeline
from tuchanka.topology.types import Cluster, Topology

DEMO_CLUSTER = "tuchanka2"


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(demo)
    app.command("test")(measure)


def demo(context: typer.Context, out: Out = None) -> None:
    """Build tuchanka2, cut its primary's power, watch it fail over, repair it, and report."""
    folder = new_folder(out, "demo")
    topology, _ = read_topology(context)
    choose(topology, [DEMO_CLUSTER])
    refuse_errors(topology)
    require_host(topology.provider, state=lab_path(context))
    wish = Wish((DEMO_CLUSTER,), ("power-off",), "primary", seed=0)
    plan = make_plan(topology, CATALOGUE, wish)
    recovered = _carry_out(context, Orders(wish, plan, "tuchanka demo"), folder)
    if not settings(context).json:
        show(
            f"\nThe lab is still running; its state is in {lab_path(context)}. Go on with:\n"
            "  tuchanka status           its state now      tuchanka mon        the same, live\n"
            f"  tuchanka test {DEMO_CLUSTER} --rounds 5       every fault, five times\n"
            "  tuchanka ssh tuchanka2a   log in             tuchanka destroy    take it all away"
        )
    if not recovered:
        raise typer.Exit(1)


def measure(
    context: typer.Context,
    clusters: Annotated[list[str] | None, typer.Argument(help="Clusters.", show_default="all")] = None,
    fault: Annotated[list[str] | None, typer.Option(help="A fault; may be repeated.", show_default="all")] = None,
    target: Annotated[
        str | None, typer.Option(help="primary, standby, random, a node or a site.", show_default="primary")
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, help="How often each fault is tried.", show_default="once")
    ] = None,
    duration: Annotated[
        str | None, typer.Option(help="Try faults for so long: 90s, 20m, 1h30m.", show_default="no limit")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="What is random follows from it.", show_default="drawn")] = None,
    stop_on_failure: Annotated[bool, typer.Option("--stop-on-failure", help="End with a failed trial.")] = False,
    resume_: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
    out: Out = None,
) -> None:
    """Measure faults, from healthy to healthy: [bold]tuchanka test tuchanka2 --fault power-off --rounds 5[/]."""
    topology, _ = read_topology(context)
    refuse_errors(topology)
    if resume_:
        if out is None or any(one is not None for one in (clusters, fault, target, rounds, duration, seed)):
            raise InputError(
                "--resume goes on with the plan of a run",
                hint="name its folder with --out, and leave what was to be done out",
            )
        folder = out.absolute()
        orders = _orders_of(folder, topology, stop_on_failure=stop_on_failure)
    else:
        folder = new_folder(out, "test")
        wish = _wish(topology, clusters, fault, target or "primary", rounds, duration, seed)
        orders = Orders(wish, make_plan(topology, CATALOGUE, wish), command_line(wish), stop_on_failure)
    if dry_run:
        show_plan(context, topology, orders, load(folder / FILE) if resume_ else [])
        return
    require_host(topology.provider, state=lab_path(context))
    if not _carry_out(context, orders, folder, plan=True):
        raise typer.Exit(1)


def _wish(
    topology: Topology,
    clusters: list[str] | None,
    faults: list[str] | None,
    target: str,
    rounds: int | None,
    duration: str | None,
    seed: int | None,
) -> Wish:
    """Return what was asked for, checked as far as it can be before any machine is touched.

    Raises:
        UnknownName: there is no such cluster, fault or target.
    """
    chosen = choose(topology, clusters or _around(topology, target))
    names = _available(topology, faults)
    for cluster in chosen if target not in ROLES else ():
        for fault in map(CATALOGUE.__getitem__, names):
            if not unfit(fault, topology, cluster):
                resolve(fault, topology, cluster, cluster.instances[0].name, target, {}, SystemRandom())
    return Wish(
        clusters=tuple(cluster.name for cluster in chosen),
        faults=names,
        target=target,
        seed=SystemRandom().randrange(1_000_000) if seed is None else seed,
        rounds=rounds,
        duration_s=None if duration is None else seconds_of(duration),
    )


def _available(topology: Topology, named: list[str] | None) -> tuple[str, ...]:
    """Return the faults of these names, or all that this host can inject.

    Raises:
        UnknownName: there is no such fault.
        HostError: one was named that this host can't inject.
    """
    lacking = registry.kind(topology.provider).missing()
    for name in named or ():
        if absent := why_not(find(CATALOGUE, name), lacking):
            raise HostError(f"not on this host: {absent}", where=name, hint="see 'tuchanka fault list'")
    return tuple(dict.fromkeys(named or (one.name for one in CATALOGUE.values() if not why_not(one, lacking))))


def _around(topology: Topology, target: str) -> list[str] | None:
    """Return the clusters that a named target belongs to; ``None``: all of them."""
    if target in ROLES:
        return None
    if kind_of(topology, target) == "site":
        return [cluster.name for cluster in topology.clusters if any(node.site == target for node in cluster.nodes)]
    return [topology.cluster_of(target).name]


def command_line(wish: Wish) -> str:
    """Return the command that does the same again."""
    words = ["tuchanka", "test", *wish.clusters]
    for fault in wish.faults:
        words += ["--fault", fault]
    words += ["--target", wish.target, "--seed", str(wish.seed)]
    words += ["--rounds", str(wish.rounds)] if wish.rounds is not None else []
    words += ["--duration", f"{wish.duration_s:g}s"] if wish.duration_s is not None else []
    return shlex.join(words)


def _orders_of(folder: Path, topology: Topology, *, stop_on_failure: bool) -> Orders:
    """Return what is left of an interrupted run.

    Raises:
        InputError: there is none, or it can't be continued.
    """
    events = load(folder / FILE)
    wish, plan = resume.planned(events, where=str(folder))
    resume.check_clock(events, time.monotonic(), where=str(folder))
    choose(topology, list(wish.clusters))
    for name in wish.faults:
        find(CATALOGUE, name)
    command = next(event.command for event in events if isinstance(event, CampaignPlanned))
    return Orders(wish, resume.undone(plan, events), command, stop_on_failure, resume.used_s(events))


def _carry_out(context: typer.Context, orders: Orders, folder: Path, *, plan: bool = False) -> bool:
    """Run the trials and write and show the reports; return whether all of them recovered."""
    with held_lab(context, make=True) as lab, TerminalProgress() as progress:
        if plan and orders.trials and not settings(context).json:
            show_plan(context, lab.topology, orders, load(folder / FILE) if (folder / FILE).exists() else [])
        clusters = choose(lab.topology, list(orders.wish.clusters))
        if orders.trials:
            run(_make(lab, clusters, progress))
        with History(folder / FILE) as history:
            # The report draws the clusters, and it is needed to repeat the run.
            (folder / TOPOLOGY).write_text(lab.folder.topology_file.read_text(encoding="utf-8"), encoding="utf-8")
            again = bool(history.events)
            try:
                if orders.trials:
                    history.add(Clock(time.monotonic(), time.time()))
                    if not again:
                        history.add(to_event(time.monotonic(), orders.wish, orders.trials, orders.command))
                    run(run_campaign(lab, orders, history, progress))
            except KeyboardInterrupt as interrupt:
                raise KeyboardInterrupt(f"'tuchanka test --resume --out {folder}' goes on") from interrupt
            finally:
                report = write_reports(folder, history.events, RULES)
    show_report(context, report, phases=True)
    return bool(report.verdicts) and all(verdict.recovered for verdict in report.verdicts)


async def _make(lab: Lab, clusters: tuple[Cluster, ...], progress: Progress) -> None:
    await pipeline.setup(lab, clusters, progress)
    await lab.provider.prepare()
