"""Commands that list, inject and heal faults."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from tuchanka.cli.context import held_lab, read_topology, run, settings
from tuchanka.cli.output import show, show_json
from tuchanka.cli.progress import TerminalProgress
from tuchanka.errors import HostError
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Fault, find
from tuchanka.faults.heal import heal, heal_all
from tuchanka.faults.targets import check_target, make_target
from tuchanka.lab.lab import Lab
from tuchanka.providers import registry
from tuchanka.stacks.pacemaker.observe import observe

app = typer.Typer(no_args_is_help=True, help="List, inject and heal faults.")


def why_not(fault: Fault, lacking: Mapping[str, str]) -> str:
    """Return why the fault can't be injected here; empty if it can."""
    return next((lacking[need] for need in fault.needs if need in lacking), "")


@app.command("list")
def fault_list(context: typer.Context) -> None:
    """List the faults: family, what each acts on, and what it does."""
    lacking = registry.kind(read_topology(context)[0].provider).missing()
    if settings(context).json:
        show_json([_fields(fault, why_not(fault, lacking)) for fault in CATALOGUE.values()])
        return
    table = Table("fault", "family", "target", "does")
    for fault in CATALOGUE.values():
        absent = why_not(fault, lacking)
        does = Text.assemble(fault.does, *([("\nnot here: " + absent, "yellow")] if absent else []))
        table.add_row(fault.name, fault.family, fault.scope, does)
    show(table)


def _fields(fault: Fault, absent: str) -> dict[str, Any]:
    words = ("name", "family", "scope", "needs", "does", "expect", "proves")
    return {**{word: getattr(fault, word) for word in words}, "available": not absent, "why_not": absent}


@app.command("inject")
def fault_inject(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A fault.")],
    target: Annotated[str, typer.Argument(help="A node, a site, a cluster or the witness, as the fault wants it.")],
) -> None:
    """Inject a fault now: [bold]tuchanka fault inject power-off tuchanka2a[/]."""
    fault = find(CATALOGUE, name)
    with held_lab(context) as lab:
        check_target(fault, lab.topology, target)
        if absent := why_not(fault, lab.provider.missing()):
            raise HostError(f"not on this host: {absent}", where=name, hint="see 'tuchanka fault list'")
        with TerminalProgress() as progress, progress.step(name, target):
            run(_inject(lab, fault, target))


async def _inject(lab: Lab, fault: Fault, target: str) -> None:
    primary = None
    if fault.scope == "cluster":
        state = await observe(lab, lab.topology.cluster(target))
        primary = next((instance.primary for instance in state.instances), None)
    await fault.apply(make_target(lab, None, None, fault, target, primary))


@app.command("heal")
def fault_heal(
    context: typer.Context,
    target: Annotated[
        str | None, typer.Argument(help="A node, a site, a cluster or the witness.", show_default="everything")
    ] = None,
) -> None:
    """Take back every fault; a node that was lost then waits for [bold]tuchanka restore[/]."""
    with held_lab(context) as lab:
        healed = make_target(lab, None, None, None, target, None) if target else None
        with TerminalProgress() as progress, progress.step("heal", target or "everything"):
            run(heal(healed) if healed else heal_all(lab))
