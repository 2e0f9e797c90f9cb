"""The program and its own options; the commands are in the modules beside this one, one for each kind."""

from pathlib import Path
from typing import Annotated

import typer

from tuchanka import __version__
from tuchanka.cli import access, archive, campaign, diagram, fence, machines, operations, reports
from tuchanka.cli import clusters as operate
from tuchanka.cli import heartbeat as measure
from tuchanka.cli import inspect as pure
from tuchanka.cli.context import settings

app = typer.Typer(
    name="tuchanka",
    help="Deploys fault-tolerant PostgreSQL clusters, breaks them on purpose, and measures what happens.\n\n"
    "Example: [bold]tuchanka demo[/] builds a cluster of two sites, cuts its primary's power and reports.",
    epilog="--lab, --topology and --json may also stand after the command. "
    "Exit status: 0 done and it holds, 1 a finding, 2 bad input, 3 could not do it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"tuchanka {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    lab: Annotated[Path | None, typer.Option(help="State folder of the lab.", show_default="by its name")] = None,
    topology: Annotated[Path | None, typer.Option(help="Topology file.", show_default="the built-in one")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print for programs instead of for people.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Take in the program's own options."""
    ours = settings(context)
    ours.lab, ours.topology, ours.json = lab, topology, json


for module in (campaign, reports, measure, pure, diagram, machines, operate, operations, archive, fence, access):
    module.add_to(app)
