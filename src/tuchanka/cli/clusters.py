"""Commands about a live cluster: its state, starting and stopping it, repairing a node."""

from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from tuchanka.cli.context import choose, held_lab, open_lab, run, settings
from tuchanka.cli.machines import Clusters
from tuchanka.cli.mon import watch
from tuchanka.cli.output import show, show_json
from tuchanka.cli.progress import TerminalProgress
from tuchanka.cli.restore import restore
from tuchanka.cli.service_table import service_table
from tuchanka.lab import service_health
from tuchanka.lab.lab import Lab
from tuchanka.lab.service_health import MachineHealth
from tuchanka.stacks.pacemaker import operate
from tuchanka.stacks.pacemaker.health import problems
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.topology.types import Cluster
from tuchanka.tui.cluster_state import state_view
from tuchanka.waiting import together

Node = Annotated[str, typer.Argument(help="A node.")]

cluster_app = typer.Typer(no_args_is_help=True, help="Start and stop whole clusters.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (status, mon, restore):
        app.command()(command)
    app.add_typer(cluster_app, name="cluster")


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of each cluster, why it isn't healthy (by its name), and the machines for services."""

    states: list[ClusterState]
    reasons: dict[str, tuple[str, ...]]
    services: tuple[MachineHealth, ...]


async def _observe_all(lab: Lab, chosen: tuple[Cluster, ...]) -> list[tuple[Cluster, ClusterState]]:
    states = await together(*(observe(lab, cluster) for cluster in chosen))
    return list(zip(chosen, states, strict=True))


async def _look(lab: Lab, chosen: tuple[Cluster, ...]) -> Seen:
    states = await _observe_all(lab, chosen)
    names = [name for cluster in chosen for name in service_health.around(lab, cluster)]
    found = await service_health.problems(lab, names)
    reasons = {
        cluster.name: (
            *problems(state, cluster),
            *(line for name in service_health.around(lab, cluster) for line in found[name]),
        )
        for cluster, state in states
    }
    return Seen([state for _, state in states], reasons, await service_health.machines(lab, found))


def _made(lab: Lab, chosen: tuple[Cluster, ...]) -> tuple[Cluster, ...]:
    """Leave out the clusters of which nothing is made, unless that leaves none."""
    made = tuple(c for c in chosen if any(lab.made(node.name) for node in c.nodes))
    return made or chosen


def status(context: typer.Context, clusters: Clusters = None) -> None:
    """Show the live clusters, and whether they are healthy or why not; exit status 1 if one isn't."""
    lab = open_lab(context)
    chosen = choose(lab.topology, clusters) if clusters else _made(lab, lab.topology.clusters)
    seen = run(_look(lab, chosen))
    if settings(context).json:
        services = [asdict(machine) for machine in seen.services]
        show_json(
            [
                {
                    **asdict(state),
                    "healthy": not seen.reasons[state.name],
                    "problems": seen.reasons[state.name],
                    "services": services,
                }
                for state in seen.states
            ]
        )
    else:
        for state in seen.states:
            show(state_view(state, seen.reasons[state.name]))
        if seen.services:
            show(service_table(seen.services))
    if any(seen.reasons.values()):
        raise typer.Exit(1)


def mon(context: typer.Context, clusters: Clusters = None) -> None:
    """Watch the clusters live, and what changes; without a terminal, or with --json, a line for each change."""
    lab = open_lab(context)
    chosen = choose(lab.topology, clusters) if clusters else _made(lab, lab.topology.clusters)
    watch(lambda: _observe_all(lab, chosen), [cluster.name for cluster in chosen], as_json=settings(context).json)


@cluster_app.command("start")
def cluster_start(context: typer.Context, cluster: Annotated[str, typer.Argument(help="A cluster.")]) -> None:
    """Switch a cluster's machines on, start it on every node, and wait until it is healthy."""
    with held_lab(context) as lab, TerminalProgress() as progress:
        chosen = lab.topology.cluster(cluster)
        with progress.step("start", cluster) as note:

            async def work() -> None:
                await lab.provider.prepare()
                await operate.start(lab, chosen)
                await operate.wait_healthy(lab, chosen, note=note)

            run(work())
    if settings(context).json:
        show_json({"cluster": cluster, "running": True})


@cluster_app.command("stop")
def cluster_stop(context: typer.Context, cluster: Annotated[str, typer.Argument(help="A cluster.")]) -> None:
    """Stop a cluster on every node, resources first; the machines stay on."""
    with held_lab(context) as lab:
        chosen = lab.topology.cluster(cluster)
        with TerminalProgress() as progress, progress.step("stop", cluster):
            run(operate.stop(lab, chosen))
    if settings(context).json:
        show_json({"cluster": cluster, "running": False})
