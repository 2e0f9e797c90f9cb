"""Commands that only read: anyone may run them, and no machine is touched."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from tuchanka.cli import refuse
from tuchanka.cli.context import built_from, lab_path, read_topology, settings
from tuchanka.cli.output import show, show_json
from tuchanka.cli.timing import timing
from tuchanka.doctor import console as doctor_console
from tuchanka.doctor import examine
from tuchanka.errors import InputError
from tuchanka.lab.folder import LabFolder
from tuchanka.lint.base import counted
from tuchanka.stages.tree import tree
from tuchanka.topology.differ import differences
from tuchanka.topology.types import Topology

COLOURS = {"error": "bold red", "warning": "yellow"}


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (doctor, topology, check, timing, render):
        app.command()(command)


def doctor(context: typer.Context) -> None:
    """Say what this host lacks, and the command that puts it right."""
    checks = examine(read_topology(context)[0].provider)
    if settings(context).json:
        show_json(doctor_console.as_json(checks))
    else:
        show(doctor_console.as_table(checks))
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def topology(
    context: typer.Context,
    diff: Annotated[bool, typer.Option("--diff", help="Only what differs from what the lab was built from.")] = False,
) -> None:
    """Print the topology with its comments, to be edited: [bold]tuchanka topology > my.toml[/]."""
    read, text = read_topology(context)
    if diff:
        _differ(context, read)
        return
    if settings(context).json:
        show_json(asdict(read))
    else:
        typer.echo(text, nl=False)


def _differ(context: typer.Context, read: Topology) -> None:
    """Print a line for every key that differs from the lab's copy; exit status 1 if one does."""
    lines = differences(built_from(LabFolder(lab_path(context))), read)
    if settings(context).json:
        show_json(lines)
    else:
        for line in lines:
            show(line)
        if not lines:
            show(f"{read.source}: nothing differs from what the lab was built from")
    if lines:
        raise typer.Exit(1)


def check(context: typer.Context) -> None:
    """Lint the topology: [bold]tuchanka check --topology my.toml[/]. Warnings alone give exit status 0."""
    read, _ = read_topology(context)
    findings = refuse.findings(read)
    errors = [finding for finding in findings if finding.severity == "error"]
    if settings(context).json:
        show_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            show(Text(str(finding), COLOURS[finding.severity]))
        numbers = (counted(len(errors), "error"), counted(len(findings) - len(errors), "warning"))
        show(f"{read.source}: {', '.join(numbers)}")
    if errors:
        raise typer.Exit(1)


def render(context: typer.Context, folder: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Write every file of every node, and the pcs scripts, below a folder; secrets are not among them."""
    read, _ = read_topology(context)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("is not an empty folder", where=str(folder), hint="name a new one")
    files = tree(read)
    try:
        for path, text in files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o755 if text.startswith("#!") else 0o644)
    except OSError as error:
        raise InputError(
            f"can't be written: {error.strerror}", where=str(error.filename), hint="name another"
        ) from error
    if settings(context).json:
        show_json(sorted(files))
    else:
        show(f"{len(files)} files in {folder}")
