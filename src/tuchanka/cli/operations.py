"""Commands for the administrator's day: planned moves of primaries, nodes and whole clusters."""

from dataclasses import asdict
from typing import Annotated, Literal

import typer

from tuchanka.campaign.planned_outage import Gap, measured
from tuchanka.cli.context import held_lab, run, settings
from tuchanka.cli.output import show, show_json
from tuchanka.cli.progress import TerminalProgress
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Progress
from tuchanka.stacks.pacemaker import standby as standing
from tuchanka.stacks.pacemaker import switchover as switching
from tuchanka.stacks.pacemaker.operate import wait_healthy
from tuchanka.stacks.pacemaker.switchover_plan import Switch
from tuchanka.topology.types import Cluster, Instance

Node = Annotated[str, typer.Argument(help="A node.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (switchover, standby, unstandby, maintenance):
        app.command()(command)


def switchover(
    context: typer.Context,
    instance: Annotated[str, typer.Argument(help="An instance.")],
    to: Annotated[str | None, typer.Option(help="The new primary's node.", show_default="the best standby")] = None,
) -> None:
    """Move an instance's primary to a standby and measure the write gap: [bold]tuchanka switchover krogan2[/]."""
    with held_lab(context) as lab:
        cluster = lab.topology.cluster_with_instance(instance)
        switch = run(switching.plan(lab, cluster, cluster.instance(instance), to))
        with TerminalProgress() as progress:
            gap = run(_switch(lab, cluster, cluster.instance(instance), switch, progress))
        if settings(context).json:
            show_json(
                {
                    "instance": instance,
                    "from": switch.source,
                    "to": switch.target,
                    "moved": not switch.done,
                    **(asdict(gap) if gap else {}),
                }
            )
        elif gap is None:
            show(f"{instance}: nothing to do, {switch.target} is the primary")
        else:
            show(f"{instance}: {switch.source} → {switch.target}, {words(gap)}")
        # The service came back, or this would not be reached; what is lost, is a finding.
        if gap is not None and gap.lost:
            raise typer.Exit(1)


async def _switch(lab: Lab, cluster: Cluster, instance: Instance, switch: Switch, progress: Progress) -> Gap | None:
    gap = None
    if not switch.done:
        with progress.step("catch up", switch.target) as note:
            await switching.make_ready(lab, cluster, instance, switch, note)

        async def act() -> None:
            with progress.step("switchover", f"→ {switch.target}") as note:
                await switching.move(lab, cluster, switch, note)

        _, gap = await measured(lab, cluster, instance, act, progress)
    with progress.step("healthy", cluster.name) as note:
        await wait_healthy(lab, cluster, note=note)
    return gap


def words(gap: Gap) -> str:
    """Return a gap in words."""
    writes = "writes did not come back" if gap.write_s is None else f"write gap {gap.write_s:.2f} s"
    reads = "reads did not come back" if gap.read_s is None else f"read gap {gap.read_s:.2f} s"
    counts = f"{gap.acknowledged} commits acknowledged, {gap.lost} of them lost, {gap.indeterminate} unanswered"
    counts += f", {gap.warned} acknowledged with a warning" if gap.warned else ""
    return f"{writes}, {reads}; {counts}"


def standby(context: typer.Context, node: Node) -> None:
    """Have a node give all it runs to others, and wait for that: [bold]tuchanka standby tuchanka2a[/]."""
    with held_lab(context) as lab:
        cluster = lab.topology.cluster_of(node)
        by = run(standing.who_lets_go(lab, cluster, node))
        with TerminalProgress() as progress, progress.step("standby", node) as note:
            state = run(standing.put_in_standby(lab, cluster, node, by, note))
    primaries = {one.name: one.primary for one in state.instances}
    if settings(context).json:
        show_json({"node": node, "standby": True, "primaries": primaries})
    else:
        where = ", ".join(f"{name} on {primary}" for name, primary in primaries.items())
        show(f"{node} is in standby and runs nothing; {where}")


def unstandby(context: typer.Context, node: Node) -> None:
    """Let a node take part again, and wait until it does: [bold]tuchanka unstandby tuchanka2a[/]."""
    with held_lab(context) as lab:
        cluster = lab.topology.cluster_of(node)
        by = run(standing.someone(lab, cluster))
        with TerminalProgress() as progress, progress.step("unstandby", node) as note:
            state = run(standing.take_out_of_standby(lab, cluster, node, by, note))
    if settings(context).json:
        show_json({"node": node, "standby": False, "primaries": {one.name: one.primary for one in state.instances}})
    else:
        show(f"{node} takes part again, {cluster.name} is healthy")


def maintenance(
    context: typer.Context,
    mode: Annotated[Literal["on", "off"], typer.Argument(help="on or off.")],
    cluster: Annotated[str, typer.Argument(help="A cluster.")],
) -> None:
    """Have Pacemaker keep its hands off a cluster, or not: [bold]tuchanka maintenance on tuchanka2[/]."""
    with held_lab(context) as lab:
        chosen = lab.topology.cluster(cluster)
        by = run(standing.someone(lab, chosen))
        with TerminalProgress() as progress, progress.step("maintenance", cluster) as note:
            run(standing.set_maintenance(lab, chosen, mode, by, note))
    if settings(context).json:
        show_json({"cluster": cluster, "maintenance": mode == "on"})
    elif mode == "on":
        show(f"{cluster} is in maintenance: what runs goes on running, and nobody watches or moves it")
    else:
        show(f"{cluster} is healthy and looked after again")
