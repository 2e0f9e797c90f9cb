"""The command that reports on what was measured, and what every measurement prints at its end."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tuchanka.cli.context import settings
from tuchanka.cli.output import show
from tuchanka.errors import InputError
from tuchanka.events.history import FILE
from tuchanka.report.console import phases_table, results
from tuchanka.report.other_systems import read
from tuchanka.report.runs import Report, read_report
from tuchanka.report.write import write
from tuchanka.stacks.pacemaker.journal_rules import RULES

Out = Annotated[Path | None, typer.Option(help="A new folder for the report.", show_default="by date and time")]


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(report)


def new_folder(out: Path | None, what: str) -> Path:
    """Return the report's folder; a measurement is never overwritten."""
    folder = (out or Path("tuchanka-reports") / f"{datetime.now():%Y%m%d-%H%M%S}-{what}").absolute()  # noqa: DTZ005 - local
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        hint = "name a new one with --out" + (", or go on there with --resume" if (folder / FILE).exists() else "")
        raise InputError("is not an empty folder", where=str(folder), hint=hint)
    above = next(path for path in folder.parents if path.exists())
    if not above.is_dir():
        raise InputError("is not a folder", where=str(above), hint="name a new one with --out")
    return folder


def show_report(context: typer.Context, report: Report, *, phases: bool = False) -> None:
    """Print a report that has been written; with ``phases`` of few trials also where the time of each went."""
    if settings(context).json:
        typer.echo((report.out / "summary.json").read_text(encoding="utf-8"), nl=False)
        return
    for table in results(report):
        show(table)
    # Of more trials, where the time of each went is for the page alone.
    for verdict in report.verdicts if phases and len(report.verdicts) <= 5 else ():
        show(phases_table(verdict))
    show(f"report: {report.out / 'report.html'}")


def report(
    context: typer.Context,
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders with a history.jsonl.")],
    compare: Annotated[bool, typer.Option("--compare", help="Each beside the first, instead of together.")] = False,
    other_systems: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Figures of other systems to show beside these.", show_default="none"),
    ] = None,
    out: Out = None,
) -> None:
    """Write the reports of measured runs again: [bold]tuchanka report DIR[/]; --compare sets several side by side.

    Exit status 1 if a trial failed.
    """
    if compare and len(folders) < 2:
        raise InputError("--compare wants two runs or more", hint="tuchanka report --compare BEFORE AFTER")
    others = read(other_systems) if other_systems else ()
    into = folders[0] if len(folders) == 1 and out is None else new_folder(out, "compared" if compare else "merged")
    made = read_report(folders, into, RULES, compare=compare, other_systems=others)
    into.mkdir(parents=True, exist_ok=True)
    write(made)
    show_report(context, made)
    if not all(verdict.recovered for verdict in made.verdicts):
        raise typer.Exit(1)
