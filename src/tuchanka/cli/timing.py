"""``tuchanka timing``: the timeouts of each cluster, the rules they keep, and the reactions that follow from them."""

from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

import typer
from rich.table import Table
from rich.text import Text

from tuchanka.cli.context import read_topology, settings
from tuchanka.cli.output import show, show_json
from tuchanka.faults.catalogue import REACTIONS
from tuchanka.prediction import Phase, Prediction
from tuchanka.stacks.pacemaker.predictions import predict_all
from tuchanka.stacks.pacemaker.timing.derive import KEYS, timing_of
from tuchanka.stacks.pacemaker.timing.predict import SLACK_S, predict_power_off, safety_margin_s
from tuchanka.stacks.pacemaker.timing.rules import rules
from tuchanka.stacks.pacemaker.timing.types import RuleResult, Timing
from tuchanka.topology.types import STOCK, Topology


@dataclass(frozen=True)
class ClusterGroup:
    """Clusters that share their timing, and what follows from it, with the helpers in force and with none."""

    clusters: tuple[str, ...]
    timing: Timing
    rules: tuple[RuleResult, ...]
    predicted: dict[str, Prediction]
    stock: dict[str, Prediction]


def groups(topology: Topology) -> tuple[ClusterGroup, ...]:
    """Return the clusters by their timing, in the order of the topology."""
    stock = replace(topology, helpers=STOCK)
    found: dict[Timing, list[str]] = {}
    plain: dict[Timing, Timing] = {}
    for cluster in topology.clusters:
        timing = timing_of(topology, cluster)
        found.setdefault(timing, []).append(cluster.name)
        plain[timing] = timing_of(stock, cluster)
    return tuple(
        ClusterGroup(
            tuple(names), timing, rules(timing), predict_all(timing, REACTIONS), predict_all(plain[timing], REACTIONS)
        )
        for timing, names in found.items()
    )


def timing(context: typer.Context) -> None:
    """Print every timeout, the rules they keep, and the reactions to faults that follow from them."""
    read, _ = read_topology(context)
    found = groups(read)
    if settings(context).json:
        show_json(
            as_data(found[0]) | {"clusters": {name: as_data(group) for group in found for name in group.clusters}}
        )
    else:
        for group in found:
            for table in tables(group):
                show(table)
            for line in margins(group.timing):
                show(line)
    if not all(result.holds for group in found for result in group.rules):
        raise typer.Exit(1)


def margins(timing: Timing) -> tuple[str, ...]:
    """Return what lies between the end of a cut-off primary and the next one, for each level of fencing."""
    lines = []
    if timing.fencing.device:
        promoted = next(phase for phase in predict_power_off(timing).phases if phase.name == "promoted")
        lines.append(
            f"safety margin where a device switches the primary off: {promoted.seconds:.1f} s (the promotion, which "
            "begins when the device says that the node is off)"
        )
    if timing.fencing.watchdog:
        margin = safety_margin_s(timing)
        lines.append(f"safety margin of a cut-off primary: {margin:.1f} s (at least {SLACK_S:g} s)")
    return tuple(lines)


def as_data(group: ClusterGroup) -> dict[str, Any]:
    """Return everything about one group, as JSON has it; ``stock`` is what plain PAF and Pacemaker lead to."""
    return {
        "timing": asdict(group.timing),
        "rules": [asdict(result) for result in group.rules],
        "predicted": {name: _seconds(one.phases) for name, one in group.predicted.items()},
        "predicted_s": group.predicted["power-off"].seconds,
        "stock": {name: _seconds(one.phases) for name, one in group.stock.items()},
        "safety_margin_s": safety_margin_s(group.timing),
    }


def _seconds(phases: tuple[Phase, ...]) -> dict[str, float]:
    return {phase.name: phase.seconds for phase in phases}


def tables(group: ClusterGroup) -> tuple[Table, ...]:
    """Return the tables of one group: values, rules, the phases of a power loss, and all reactions."""
    title = f"{', '.join(group.clusters)}: profile {group.timing.profile}"
    values = Table("timeout", "value", title=title, title_justify="left")
    for name in KEYS:
        values.add_row(name, str(getattr(group.timing, name)))
    kept = Table("rule", "holds", "figures", "source", title="rules", title_justify="left")
    for result in group.rules:
        holds = "yes" if result.holds else Text("no", "bold red")
        kept.add_row(result.name, holds, result.text, Text(result.source, "dim"))
    phases = Table("phase", "seconds", "rule", title="predicted reaction to a power loss", title_justify="left")
    for phase in group.predicted["power-off"].phases:
        phases.add_row(phase.name, f"{phase.seconds:.1f}", Text(phase.rule, "dim"))
    phases.add_section()
    phases.add_row("together", f"{group.predicted['power-off'].seconds:.1f}", "")
    reactions = Table("seconds", "stock", "faults", title="predicted reactions, primary hit", title_justify="left")
    faults = list(dict.fromkeys((*group.predicted, *group.stock)))
    for cells, names in groupby(faults, key=lambda fault: (_cell(group.predicted, fault), _cell(group.stock, fault))):
        reactions.add_row(*cells, ", ".join(names))
    return values, kept, phases, reactions


def _cell(predictions: dict[str, Prediction], fault: str) -> str:
    """Return the seconds, ``none`` where no client notices, ``?`` where nothing can be said."""
    one = predictions.get(fault)
    if one is None:
        return "?"
    return f"{one.seconds:.1f}" if one.phases else "none"
