"""The command that restores: one node, or all of a cluster, also where nothing of it is left running."""

import time
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated

import typer

from tuchanka.cli.ask import sure
from tuchanka.cli.context import held_lab, run, settings
from tuchanka.cli.output import show, show_json
from tuchanka.cli.progress import TerminalProgress
from tuchanka.errors import DeadlineExceeded, InputError
from tuchanka.lab.lab import Lab
from tuchanka.providers.base import make_ready
from tuchanka.stacks.pacemaker import bring_up
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.restore import cold_start
from tuchanka.stacks.pacemaker.restore import from_archive as archived
from tuchanka.stacks.pacemaker.restore import repair as restoring
from tuchanka.stacks.pacemaker.restore.cold_plan import ColdPlan, cold_steps
from tuchanka.stacks.pacemaker.restore.from_archive import Refill
from tuchanka.stacks.pacemaker.restore.plan import RestoreStep
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together, wait_until

# A failover that is under way has ended by then.
FAILOVER_S = 30.0


def restore(
    context: typer.Context,
    node: Annotated[str, typer.Argument(help="A node, or a cluster: all its nodes that need it.")],
    instance: Annotated[str | None, typer.Argument(help="An instance.", show_default="all on the node")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the steps, and why these.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even if the node may hold the only copy.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask, where a copy has to be brought up first.")] = False,
    from_archive: Annotated[
        bool, typer.Option("--from-archive", help="A cluster of which no copy is left: from its archive.")
    ] = False,
) -> None:
    """Bring a failed node back as a standby: [bold]tuchanka restore tuchanka2a --dry-run[/] says how."""
    with held_lab(context) as lab:
        whole = any(cluster.name == node for cluster in lab.topology.clusters)
        cluster = lab.topology.cluster(node) if whole else lab.topology.cluster_of(node)
        if whole and instance is not None:
            raise InputError(f"{node} is a cluster, so no instance can follow", hint="tuchanka restore NODE INSTANCE")
        if from_archive:
            if not whole:
                raise InputError(f"{node} is a node; --from-archive is for clusters", hint=f"say {cluster.name}")
            _from_archive(context, lab, cluster, force=force, dry_run=dry_run, yes=yes)
            return
        if not whole:
            restoring.chosen_instances(cluster, node, instance)
        cold = run(_nothing_serves(lab, cluster))
        if cold is not None:
            _start_from_nothing(context, lab, cluster, cold, dry_run=dry_run, yes=yes)
            if dry_run:
                return
        if whole and not dry_run:
            with TerminalProgress() as progress:
                state = run(bring_up.settle(lab, cluster, progress))
                done = run(bring_up.restore_all(lab, cluster, state, progress, force=force))
            if cold is None or settings(context).json:
                _print(context, node, done, dry_run=False)
            return
        steps = run(_plan(lab, cluster, None if whole else node, instance, force=force))
        _print(context, node, steps, dry_run=dry_run)
        if dry_run or not any(steps.values()):
            return
        with TerminalProgress() as progress:
            work = restoring.carry_out(lab, cluster, node, steps[node], progress, instance=instance, force=force)
            run(work)


def _print(context: typer.Context, name: str, steps: dict[str, tuple[RestoreStep, ...]], *, dry_run: bool) -> None:
    """Print the steps; beside the progress they would only say the same again."""
    everything = [step for of_node in steps.values() for step in of_node]
    if settings(context).json:
        show_json([asdict(step) for step in everything])
    elif not everything:
        show(f"{name}: nothing to do, all its copies stream")
    elif dry_run:
        for number, step in enumerate(everything, 1):
            show(f"{number}. {step.text}")


def _from_archive(
    context: typer.Context, lab: Lab, cluster: Cluster, *, force: bool, dry_run: bool, yes: bool
) -> None:
    """Bring a cluster back of which nothing is left."""

    async def plan() -> tuple[Refill, ...]:
        await lab.provider.prepare()
        await together(*map(make_ready, lab.machines_of((cluster,))))
        return await archived.plan_total_loss(lab, cluster, force=force, now=time.time())

    refills = run(plan())
    steps = archived.steps(cluster, refills)
    if dry_run:
        _print(context, cluster.name, {cluster.name: steps}, dry_run=True)
        return
    what = "; ".join(one.discards for one in refills if one.discards) or "what the archive does not have"
    sure(f"restore {cluster.name} from its archive; this gives up {what}", yes=yes)
    with TerminalProgress() as progress:
        run(archived.carry_out(lab, cluster, refills, progress))
    if settings(context).json:
        _print(context, cluster.name, {cluster.name: steps}, dry_run=False)


def _start_from_nothing(
    context: typer.Context, lab: Lab, cluster: Cluster, cold: ColdPlan, *, dry_run: bool, yes: bool
) -> None:
    """Bring the most advanced copies up, if that is meant."""
    steps = cold_steps(cold)
    if dry_run:
        rest = [node.name for node in cluster.nodes if node.name not in cold.start]
        then = RestoreStep("first", "", f"then restore {', '.join(rest)}") if rest else None
        _print(context, cluster.name, {cluster.name: (*steps, *([then] if then else []))}, dry_run=True)
        return
    chosen = "; ".join(f"{name} from {cold.best[name]} ({why})" for name, why in cold.why.items())
    sure(f"start {cluster.name}, where nothing serves, with {chosen}: what only other copies have is lost", yes=yes)
    with TerminalProgress() as progress:
        run(bring_up.start_from_nothing(lab, cluster, cold, progress))


async def _nothing_serves(lab: Lab, cluster: Cluster) -> ColdPlan | None:
    """Return which copies to bring up first, if the cluster has no primary; its machines are switched on then.

    A running cluster with quorum gets the time to elect one.
    """

    async def served() -> bool:
        return any(instance.primary for instance in (await observe(lab, cluster)).instances)

    state = await observe(lab, cluster)
    if any(instance.primary for instance in state.instances):
        return None
    if state.quorum.quorate:
        with (
            suppress(DeadlineExceeded),
            TerminalProgress() as progress,
            progress.step("failover", cluster.name) as note,
        ):
            note("waiting whether the cluster elects a primary by itself")
            await wait_until(served, deadline_s=FAILOVER_S, interval_s=0.5, what=f"a primary in {cluster.name}")
            return None
    await lab.provider.prepare()
    await together(*map(make_ready, lab.machines_of((cluster,))))
    return await cold_start.plan(lab, cluster)


async def _plan(
    lab: Lab, cluster: Cluster, node: str | None, instance: str | None, *, force: bool
) -> dict[str, tuple[RestoreStep, ...]]:
    """Return node → steps."""
    if node is not None:
        return {node: await restoring.plan(lab, cluster, node, instance, force=force)}
    failed = bring_up.to_restore(await observe(lab, cluster))
    return {name: await restoring.plan(lab, cluster, name, None, force=force) for name in failed}
