"""The command that draws clusters."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tuchanka.cli.context import choose, open_lab, read_topology, run, settings
from tuchanka.cli.machines import Clusters
from tuchanka.cli.output import show, show_json
from tuchanka.diagram.draw import svg
from tuchanka.diagram.live import seen
from tuchanka.diagram.model import Picture
from tuchanka.diagram.plan import planned
from tuchanka.errors import InputError
from tuchanka.lab.lab import Lab
from tuchanka.stacks.pacemaker.health import problems
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(diagram)


def diagram(
    context: typer.Context,
    clusters: Clusters = None,
    out: Annotated[
        Path | None, typer.Option(help="A folder for CLUSTER.svg.", show_default="one picture to standard output")
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="As it is now, not as planned; needs root.")] = False,
) -> None:
    """Draw clusters as SVG: [bold]tuchanka diagram tuchanka4 > tuchanka4.svg[/]; --json says the same as data."""
    topology, _ = read_topology(context)
    chosen = choose(topology, clusters)
    as_data = settings(context).json
    if out is None and len(chosen) != 1 and not as_data:
        raise InputError(
            f"{len(chosen)} pictures don't fit one output", hint="name one cluster, or a folder with --out"
        )
    drawn = [planned(topology, cluster) for cluster in chosen]
    pictures = run(_seen(open_lab(context), chosen)) if live else drawn
    files = _write(out, pictures) if out else []
    if as_data:
        show_json([asdict(picture) for picture in pictures])
    elif out:
        for file in files:
            show(str(file))
    else:
        typer.echo(svg(pictures[0]), nl=False)


async def _seen(lab: Lab, chosen: tuple[Cluster, ...]) -> list[Picture]:
    states = await together(*(observe(lab, cluster) for cluster in chosen))
    when = f"{datetime.now():%Y-%m-%d %H:%M:%S}"  # noqa: DTZ005 - local
    return [
        seen(lab.topology, cluster, state, problems(state, cluster), when=when)
        for cluster, state in zip(chosen, states, strict=True)
    ]


def _write(folder: Path, pictures: list[Picture]) -> list[Path]:
    """Write the pictures; one that is there already is a former one of the same cluster."""
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for picture in pictures:
            file = folder / f"{picture.title}.svg"
            file.write_text(svg(picture), encoding="utf-8")
            files.append(file)
    except OSError as error:
        where = str(error.filename or folder)
        raise InputError(f"can't be written: {error.strerror}", where=where, hint="name another folder") from error
    return files
