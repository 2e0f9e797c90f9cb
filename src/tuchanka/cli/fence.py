"""``tuchanka fence``: trying what is to fence a node."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from tuchanka.cli import ask
from tuchanka.cli.context import held_lab, run, settings
from tuchanka.cli.output import show, show_json
from tuchanka.cli.progress import TerminalProgress
from tuchanka.events.fencings import Fencing
from tuchanka.lab.lab import Lab
from tuchanka.stacks.pacemaker import fence as fencing
from tuchanka.stacks.pacemaker.fence import Asked
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.stack import PACEMAKER


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(fence)


def fence(
    context: typer.Context,
    node: Annotated[str, typer.Argument(help="A node.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only ask its device for the state.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Fence a node through Pacemaker, or try its device: [bold]tuchanka fence tuchanka2a --dry-run[/]."""
    with held_lab(context) as lab:
        lab.topology.cluster_of(node)
        holds = _try(context, lab, node) if dry_run else _fence(context, lab, node, yes=yes)
    if not holds:
        raise typer.Exit(1)


def _try(context: typer.Context, lab: Lab, node: str) -> bool:
    """Ask the device, and say whether at least one node reaches it and each is told what is true."""
    cluster = lab.topology.cluster_of(node)
    with TerminalProgress() as progress, progress.step("ask", node):
        answers = run(fencing.ask(lab, cluster, node))
        true = run(fencing.true_state(lab, node))
    told = {one.says for one in answers if one.says}
    holds = bool(told) and (not true or told == {true})
    if settings(context).json:
        show_json({"node": node, "true": true, "holds": holds, "asked": [asdict(one) for one in answers]})
    else:
        show(_table(answers, true))
        agent = fencing.device_of(cluster, node).agent
        wrong = f"its device says {'/'.join(sorted(told))}" if told else "its device can be reached from no node"
        show(
            f"{node}: {agent} tells the truth: {true}" if holds else f"{node}: {wrong}, and it is {true or 'unknown'}"
        )
    return holds


def _table(answers: tuple[Asked, ...], true: str) -> Table:
    table = Table("asked by", "says", "took", box=None, padding=(0, 1), header_style="dim")
    for one in answers:
        says = Text(one.says, "" if one.says == true else "red") if one.says else Text(one.problem, "red")
        table.add_row(one.by, says, f"{one.seconds:.2f} s")
    return table


def _fence(context: typer.Context, lab: Lab, node: str, *, yes: bool) -> bool:
    """Fence the node, and say whether it was off or reset for certain."""
    cluster = lab.topology.cluster_of(node)
    state = run(observe(lab, cluster))
    plan = fencing.plan(state, cluster, node)
    ask.sure(f"fence {node}{_cost(lab, plan.primaries, node)}", yes=yes)
    before = fencing.stop_reasons(lab, node)
    with TerminalProgress() as progress, progress.step("fence", node) as note:
        seen = run(fencing.fence(lab, cluster, node, plan.by, note, state.fenced))
    after = fencing.stop_reasons(lab, node)
    stopped = None if before is None or after is None else after[len(before) :]
    if settings(context).json:
        show_json({"node": node, "by": plan.by, "stopped": stopped, "fencing": _as_data(seen)})
    else:
        show(_words(node, seen, stopped))
        show(f"'tuchanka restore {node}' brings it back")
    return stopped is None or bool(stopped)


def _cost(lab: Lab, primaries: tuple[str, ...], node: str) -> str:
    if not primaries:
        return ""
    predicted = PACEMAKER.predict(lab.topology, lab.topology.cluster_of(node), "failover")
    about = f", writes away for about {predicted.seconds:.0f} s" if predicted else ""
    return f", which has the primary of {', '.join(primaries)}{about}"


def _as_data(seen: Fencing | None) -> dict[str, Any] | None:
    return None if seen is None else {**asdict(seen), "seconds": seen.seconds}


def _words(node: str, seen: Fencing | None, stopped: tuple[str, ...] | None) -> str:
    how = "" if seen is None else f" by {seen.by}, through {seen.how or 'nobody knows what'}"
    took = "" if seen is None or seen.seconds is None else f", in {seen.seconds:.2f} s"
    truth = "" if stopped is None else ": it counts as fenced, and has been on all the time"
    truth = f": it really stopped ({', '.join(stopped)})" if stopped else truth
    return f"{node} was fenced{how}{took}{truth}"
