"""Commands that make, keep and take away machines."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from tuchanka.cli.ask import sure
from tuchanka.cli.context import choose, held_lab, lab_path, need_root, read_topology, run, settings
from tuchanka.cli.output import show, show_json
from tuchanka.cli.progress import TerminalProgress
from tuchanka.cli.refuse import refuse_errors
from tuchanka.doctor import require_host
from tuchanka.errors import InputError
from tuchanka.faults.heal import heal_all
from tuchanka.faults.marks import forget
from tuchanka.lab import service_health
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Progress
from tuchanka.providers import registry
from tuchanka.providers.base import Machine, make_ready
from tuchanka.stacks.pacemaker import operate
from tuchanka.stacks.pacemaker.bring_up import bring_up
from tuchanka.stages import pipeline
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together

Clusters = Annotated[list[str] | None, typer.Argument(help="Clusters.", show_default="all")]
Targets = Annotated[list[str] | None, typer.Argument(help="Clusters or nodes.", show_default="all")]
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (up, create, install, setup, snapshots, snapshot, rollback, destroy):
        app.command()(command)
    for name, command in (("power-on", power_on), ("shut-down", shut_down), ("power-off", power_off)):
        app.command(name)(command)


async def raise_clusters(lab: Lab, chosen: tuple[Cluster, ...], progress: Progress) -> None:
    """Do all stages, take back what a killed command has injected, start, and wait until healthy.

    The services come last: they boot beside the clusters, and no cluster waits for them.
    """
    await pipeline.setup(lab, chosen, progress)
    await lab.provider.prepare()
    await heal_all(lab, [machine.name for machine in lab.machines_of(chosen)], power=False)
    await together(*(bring_up(lab, cluster, progress) for cluster in chosen))
    await together(*(_serve(lab, machine.name, progress) for machine in lab.topology.services))


async def _serve(lab: Lab, machine: str, progress: Progress) -> None:
    with progress.step("healthy", machine) as note:
        await service_health.serve(lab, machine, note)


def _do(
    context: typer.Context,
    names: list[str] | None,
    stages: Callable[[Lab, tuple[Cluster, ...], Progress], Coroutine[Any, Any, None]],
) -> None:
    """Do the stages on clusters, whose names are looked up before anything is made."""
    topology, _ = read_topology(context)
    chosen = choose(topology, names)
    refuse_errors(topology)
    require_host(topology.provider, state=lab_path(context))
    with held_lab(context, make=True) as lab, TerminalProgress() as progress:
        run(stages(lab, chosen, progress))


def up(context: typer.Context, clusters: Clusters = None) -> None:
    """Bring clusters up to healthy, from wherever they are: [bold]tuchanka up tuchanka2[/]."""
    _do(context, clusters, raise_clusters)


def create(context: typer.Context, clusters: Clusters = None) -> None:
    """Do the stages up to [bold]create[/]: machines with a name, a network and SSH."""
    _do(context, clusters, pipeline.create)


def install(context: typer.Context, clusters: Clusters = None) -> None:
    """Do the stages up to [bold]install[/]: every package and file in its place."""
    _do(context, clusters, pipeline.install)


def setup(context: typer.Context, clusters: Clusters = None) -> None:
    """Do the stages up to [bold]setup[/]: clusters that only have to be started."""
    _do(context, clusters, pipeline.setup)


def snapshots(context: typer.Context) -> None:
    """List the snapshots of every machine, oldest first."""
    with held_lab(context) as lab:
        found = {name: list(lab.machine(name).snapshots()) for name in (m.name for m in lab.topology.machines)}
    if settings(context).json:
        show_json(found)
    else:
        for name, kept in found.items():
            show(f"{name:<14} {' '.join(kept) or '(not made)'}")


def snapshot(context: typer.Context, name: Annotated[str, typer.Argument(help="A new name.")]) -> None:
    """Keep all machines as they are: they are stopped in good order, kept, and brought back as they were."""
    if not name.replace("-", "").replace("_", "").isalnum() or len(name) > 40:
        raise InputError(f"{name!r} is no name for a snapshot", hint="use letters, digits, - and _, 40 at most")
    with held_lab(context) as lab, TerminalProgress() as progress:
        run(pipeline.take_snapshot(lab, name, progress))


def rollback(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A stage (install, setup) or a snapshot.")],
    yes: Yes = False,
) -> None:
    """Go back to a stage or snapshot; what came after is lost. The machines are off then: [bold]tuchanka up[/]."""
    with held_lab(context) as lab:
        targets = pipeline.rollback_targets(lab, name)
        sure(f"throw away everything on {len(targets)} machines since {name!r}", yes=yes)
        with TerminalProgress() as progress:
            run(_roll_back(lab, targets, progress))


async def _roll_back(lab: Lab, targets: dict[str, str], progress: Progress) -> None:
    await pipeline.roll_back(lab, targets, progress)
    # What is left of faults is outside the disks: links and traffic. The machines are off, and stay so.
    await heal_all(lab, power=False)
    forget(lab)


def destroy(
    context: typer.Context,
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Take the lab away: its machines, network, processes and folder. Images and reports stay."""
    need_root("destroying a lab")
    folder = LabFolder(lab_path(context))
    folder.must_be_a_lab()
    provider = registry.kind(folder.provider)
    if dry_run:
        for trace in (*provider.traces(folder.path), str(folder.path)):
            show(f"would take away {trace}")
        return
    if folder.exists:
        sure(f"destroy the lab in {folder.path} with all its data", yes=yes)
    with folder.locked("destroy"), TerminalProgress() as progress, progress.step("destroy", folder.path.name):
        run(provider.destroy(folder.path))
        folder.remove()


def _machines(lab: Lab, names: list[str] | None) -> tuple[Machine, ...]:
    """Return the machines of these names; a cluster's name stands for its nodes."""
    if not names:
        return tuple(lab.machine(machine.name) for machine in lab.topology.machines if lab.made(machine.name))
    clusters = {cluster.name: cluster for cluster in lab.topology.clusters}
    found = dict.fromkeys(
        machine
        for name in names
        for machine in ([node.name for node in clusters[name].nodes] if name in clusters else [name])
    )
    return tuple(lab.machine(name) for name in found)


def power_on(context: typer.Context, targets: Targets = None) -> None:
    """Switch machines on; no cluster starts by that."""
    with held_lab(context) as lab, TerminalProgress() as progress:
        for machine in _machines(lab, targets):
            if not lab.made(machine.name):
                raise InputError("is not made yet", where=machine.name, hint="make it with 'tuchanka up'")

        async def work() -> None:
            await lab.provider.prepare()
            await together(*(_step(progress, "power on", machine) for machine in _machines(lab, targets)))

        run(work())
        _say_power(context, lab, targets)


def _say_power(context: typer.Context, lab: Lab, names: list[str] | None) -> None:
    """Print for programs how the machines are now."""
    if settings(context).json:

        async def look() -> dict[str, str]:
            return {machine.name: await machine.power_state() for machine in _machines(lab, names)}

        show_json(run(look()))


async def _step(progress: Progress, verb: str, machine: Machine) -> None:
    with progress.step(verb, machine.name):
        match verb:
            case "power on":
                await make_ready(machine)
            case "power off":
                await machine.power_off()
            case _:
                await machine.shut_down()


def shut_down(context: typer.Context, targets: Targets = None) -> None:
    """Stop machines in good order: first the cluster on them, then the systems."""
    with held_lab(context) as lab, TerminalProgress() as progress:
        machines = _machines(lab, targets)
        names = {machine.name for machine in machines}

        async def work() -> None:
            for cluster in lab.topology.clusters:
                on = [m for m in lab.nodes(cluster) if m.name in names and await m.power_state() == "on"]
                if on:
                    with progress.step("stop", cluster.name):
                        await operate.stop_nodes(cluster, on)
            await together(*(_step(progress, "shut down", machine) for machine in machines))

        run(work())
        _say_power(context, lab, targets)


def power_off(context: typer.Context, targets: Targets = None) -> None:
    """Cut the power of machines, without an orderly stop."""
    with held_lab(context) as lab, TerminalProgress() as progress:
        run(together(*(_step(progress, "power off", machine) for machine in _machines(lab, targets))))
        _say_power(context, lab, targets)
