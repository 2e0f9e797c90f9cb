"""``tuchanka archive``: what the archive has, backups, and getting something back from it."""

import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from tuchanka.archive import aside as asides
from tuchanka.archive import pgbackrest
from tuchanka.archive.aside import Aside
from tuchanka.archive.backup import make_backup, push_all, verify_files
from tuchanka.archive.status import ArchiveStatus
from tuchanka.archive.status import status as look
from tuchanka.archive.target import Target, make_target
from tuchanka.cli.ask import sure
from tuchanka.cli.context import held_lab, open_lab, run, settings
from tuchanka.cli.output import show, show_json
from tuchanka.cli.progress import TerminalProgress
from tuchanka.errors import InputError, LabError
from tuchanka.lab.lab import Lab
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.restore import from_archive
from tuchanka.stacks.pacemaker.restore.method import size
from tuchanka.topology.types import Cluster, Instance
from tuchanka.waiting import together

archive_app = typer.Typer(no_args_is_help=True, help="The archive of log and backups.")
OneInstance = Annotated[str, typer.Argument(help="An instance.")]
AnyInstance = Annotated[str | None, typer.Argument(help="An instance.", show_default="all")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only print what would be done.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(archive_app, name="archive")


def _chosen(lab: Lab, name: str | None) -> tuple[tuple[Cluster, Instance], ...]:
    """Return the instances that are archived, or the one of this name.

    Raises:
        LabError: it isn't, or none is.
    """
    if name is not None:
        cluster = lab.topology.cluster_with_instance(name)
        from_archive.must_be_archived(lab, cluster.instance(name))
        return ((cluster, cluster.instance(name)),)
    if lab.topology.archive is None:
        raise LabError("has no archive", where=lab.topology.source, hint="see docs/archive.md for how to get one")
    return tuple(
        (cluster, instance)
        for cluster in lab.topology.clusters
        if any(lab.made(node.name) for node in cluster.nodes)
        for instance in cluster.instances
        if instance.archive
    )


async def _primary(lab: Lab, cluster: Cluster, instance: Instance) -> str:
    primary = (await observe(lab, cluster)).instance(instance.name).primary
    if primary is None:
        raise LabError(f"{instance.name} has no primary", where=cluster.name, hint="'tuchanka status' shows why")
    return primary


async def _look(lab: Lab, cluster: Cluster, instance: Instance, *, whole: bool = False) -> ArchiveStatus:
    node = await _primary(lab, cluster, instance)
    return await look(lab.machine(node), node, instance.name, instance.port, whole=whole)


@archive_app.command("status")
def archive_status(context: typer.Context, instance: AnyInstance = None) -> None:
    """Show what the archive has, what waits for it, and its gaps; exit status 1 if it isn't whole."""
    lab = open_lab(context)
    chosen = _chosen(lab, instance)

    async def work() -> list[ArchiveStatus]:
        return list(await together(*(_look(lab, *one) for one in chosen)))

    _print(context, run(work()))


def _print(context: typer.Context, seen: list[ArchiveStatus]) -> None:
    if settings(context).json:
        show_json([{**asdict(one), "findings": one.findings} for one in seen])
    else:
        show(_table(seen))
        for one in seen:
            for gap in one.gaps:
                made_up = "; a later backup makes up for it" if gap.known else ""
                show(f"{one.instance}: missing from {gap.first} to {gap.last}, {gap.files} files{made_up}")
            for finding in one.findings:
                show(Text(f"{one.instance}: {finding}", "red"))
    if any(one.findings for one in seen):
        raise typer.Exit(1)


def _table(seen: list[ArchiveStatus]) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim")
    for name in ("instance", "primary", "log archived up to", "waits", "backups", "newest", "restores from"):
        table.add_column(name)
    for one in seen:
        last, first = (one.backups[-1], one.backups[0]) if one.backups else (None, None)
        age = "" if one.age_s is None else f", {one.age_s:.0f} s ago"
        table.add_row(
            one.instance,
            one.node,
            f"{one.archived}{age}" if one.archived else "-",
            f"{one.waiting} ({size(one.waiting_bytes)})" if one.waiting else "-",
            str(len(one.backups)),
            f"{last.kind}, {size(last.size)}, {_ago(last.ended)}" if last else "-",
            f"{_time(first.ended)}" if first else "-",
        )
    return table


def _ago(then: int) -> str:
    seconds = max(time.time() - then, 0)
    return f"{seconds / 3600:.1f} h ago" if seconds >= 3600 else f"{seconds / 60:.0f} min ago"


def _time(then: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(then))


@archive_app.command("backup")
def archive_backup(
    context: typer.Context,
    instance: OneInstance,
    full: Annotated[bool, typer.Option("--full", help="A full one, not only what differs.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Make a backup now: [bold]tuchanka archive backup krogan2 --full[/]."""
    with held_lab(context) as lab:
        cluster, kept = _chosen(lab, instance)[0]
        node = run(_primary(lab, cluster, kept))
        kind: pgbackrest.Kind = "full" if full else "diff"
        if dry_run:
            show(f"would make a {kind} backup of {instance}, by {node}")
            return
        with TerminalProgress() as progress, progress.step("backup", node):
            made = run(make_backup(lab.machine(node), node, instance, kind))
    if settings(context).json:
        show_json({"instance": instance, "by": node, **asdict(made)})
    else:
        took = f"in {made.ended - made.begun} s"
        show(f"{instance}: {made.label} ({made.kind}), {size(made.size)}, {size(made.stored)} stored, {took}")


@archive_app.command("verify")
def archive_verify(context: typer.Context, instance: AnyInstance = None) -> None:
    """Read everything that the archive has, compare it with its hashes, and look for gaps; exit status 1 if any."""
    with held_lab(context) as lab:
        seen, damaged = [], {}
        for cluster, kept in _chosen(lab, instance):
            node = run(_primary(lab, cluster, kept))
            with TerminalProgress() as progress, progress.step("verify", kept.name):
                damaged[kept.name] = run(verify_files(lab.machine(node), kept.name))
                seen.append(run(_look(lab, cluster, kept, whole=True)))
    if not settings(context).json:
        for name, lines in damaged.items():
            for line in lines:
                show(Text(f"{name}: {line}", "red"))
    if any(damaged.values()) and settings(context).json:
        show_json([{"instance": name, "damaged": lines} for name, lines in damaged.items()])
        raise typer.Exit(1)
    _print(context, seen)
    if any(damaged.values()):
        raise typer.Exit(1)


@archive_app.command("restore")
def archive_restore(
    context: typer.Context,
    instance: OneInstance,
    at: Annotated[str | None, typer.Option("--at", help="Up to this time.", show_default=False)] = None,
    lsn: Annotated[str | None, typer.Option("--lsn", help="Up to this position.", show_default=False)] = None,
    latest: Annotated[bool, typer.Option("--latest", help="Up to the end of the archive.")] = False,
    aside: Annotated[
        str | None,
        typer.Option("--aside", help="NODE:PORT of a server beside it.", show_default="the instance itself"),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Get an earlier state back: [bold]tuchanka archive restore krogan2 --at 2026-11-27T14:05 --aside NODE:5499[/].

    With --aside the service goes on, and a server beside it has that state. Without it, the whole instance goes back.
    """
    with held_lab(context) as lab:
        target = make_target(at=at, position=lsn, latest=latest, timezone=lab.topology.timezone)
        cluster, kept = _chosen(lab, instance)[0]
        if aside is not None:
            _restore_aside(context, lab, cluster, kept, target, _aside(cluster, kept, aside), dry_run=dry_run)
        else:
            _restore_all(context, lab, cluster, kept, target, dry_run=dry_run, yes=yes)


def _aside(cluster: Cluster, instance: Instance, words: str) -> Aside:
    node, separator, port = words.partition(":")
    if not separator or not port.isdecimal() or not 1024 <= int(port) <= 65535:
        raise InputError(f"{words!a} isn't NODE:PORT", hint=f"write it like {instance.home}:5499")
    if node not in instance.nodes:
        raise InputError(f"{instance.name} has no node {node!a}", hint=f"choose from: {', '.join(instance.nodes)}")
    return Aside(instance.name, cluster.postgresql, node, int(port))


def _restore_aside(
    context: typer.Context,
    lab: Lab,
    cluster: Cluster,
    instance: Instance,
    target: Target,
    aside: Aside,
    *,
    dry_run: bool,
) -> None:
    began = time.monotonic()
    machine = lab.machine(aside.node)

    async def prepare() -> None:
        found = await from_archive.check(lab, instance, aside.node, target, time.time())
        await asides.check(machine, aside, found.backups[-1].size)

    run(prepare())
    if dry_run:
        show(f"would restore {instance.name} up to {target} beside the cluster, on {aside.node}, port {aside.port}")
        return
    with TerminalProgress() as progress:
        with progress.step("push", instance.name):
            run(_push(lab, cluster, instance))
        with progress.step("aside", aside.node) as note:
            position, last = run(asides.make(machine, aside, target, str(lab.topology.network.subnet), note))
    took = time.monotonic() - began
    if settings(context).json:
        show_json({**asdict(aside), "position": position, "last_commit": last, "seconds": round(took, 2)})
        return
    until = f", last commit {last}" if last else ""
    show(f"{instance.name} as it was: {aside.node}, port {aside.port}, at {position}{until}; {took:.1f} s")
    show(f"  look at it:  tuchanka exec {aside.node} -- runuser -u postgres -- psql -p {aside.port}")
    show(f"  take it away:  tuchanka archive discard {instance.name} {aside.node}")


async def _push(lab: Lab, cluster: Cluster, instance: Instance) -> None:
    """Have what was written up to now archived, if there is a primary: the target may be in it."""
    primary = (await observe(lab, cluster)).instance(instance.name).primary
    if primary is not None:
        await push_all(lab.machine(primary), primary, instance.name, instance.port)


def _restore_all(
    context: typer.Context,
    lab: Lab,
    cluster: Cluster,
    instance: Instance,
    target: Target,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    refill = run(from_archive.plan_point_in_time(lab, cluster, instance, target, time.time()))
    steps = from_archive.steps(cluster, (refill,))
    if dry_run:
        for number, step in enumerate(steps, 1):
            show(f"{number}. {step.text}")
        return
    sure(f"stop {cluster.name} and set {instance.name} back to {target}; this gives up {refill.discards}", yes=yes)
    with TerminalProgress() as progress:
        with progress.step("push", instance.name):
            run(_push(lab, cluster, instance))
        run(from_archive.carry_out(lab, cluster, (refill,), progress))
    if settings(context).json:
        show_json([asdict(step) for step in steps])


@archive_app.command("discard")
def archive_discard(
    context: typer.Context,
    instance: OneInstance,
    node: Annotated[str, typer.Argument(help="The node where it stands.")],
) -> None:
    """Take a server away that was restored aside: [bold]tuchanka archive discard krogan2 tuchanka2b[/]."""
    with held_lab(context) as lab:
        cluster = lab.topology.cluster_with_instance(instance)
        cluster.node(node)
        with TerminalProgress() as progress, progress.step("discard", node):
            there = run(asides.discard(lab.machine(node), Aside(instance, cluster.postgresql, node, 0)))
    if settings(context).json:
        show_json({"instance": instance, "node": node, "discarded": there})
    elif not there:
        show(f"{instance}: nothing stands aside on {node}")
