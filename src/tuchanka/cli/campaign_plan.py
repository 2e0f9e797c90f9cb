"""The plan of a campaign as it is shown before it starts, and times as people write them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.table import Table

from tuchanka.campaign.estimate import durations, in_words, left_s, predicted_s, trial_s
from tuchanka.campaign.runner import Orders, side_by_side
from tuchanka.cli.context import settings
from tuchanka.cli.output import show, show_json
from tuchanka.errors import InputError
from tuchanka.events import Event
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.lint.base import counted
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.topology.types import Topology

UNITS = {"h": 3600, "m": 60, "s": 1, "": 1}


def seconds_of(text: str) -> float:
    """Read ``90``, ``90s``, ``20m``, ``1h30m``: seconds.

    Raises:
        InputError: it isn't a time.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms]?)", text)
    total = sum(float(number) * UNITS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != text or total <= 0:
        raise InputError(f"{text!r} is not a time", where="--duration", hint="write it as 90s, 20m or 1h30m")
    return total


def show_plan(context: typer.Context, topology: Topology, orders: Orders, done: Sequence[Event]) -> None:
    """Show how often each fault is to be tried on each cluster, and how long all of it should take."""
    wish, trials = orders.wish, orders.trials
    names = list(dict.fromkeys(one.cluster for one in trials))
    faults = list(dict.fromkeys(one.fault for one in trials))
    predicted = predicted_s(PACEMAKER, topology, CATALOGUE, trials)
    measured = durations(done)
    parallel = side_by_side(len(names))
    seconds = left_s(trials, predicted, measured, parallel=parallel)
    endless = wish.duration_s is not None and wish.rounds is None
    if wish.duration_s is not None:
        seconds = min(seconds, max(0.0, wish.duration_s - orders.used_s))
    if settings(context).json:
        show_json(
            {
                "seed": wish.seed,
                "command": orders.command,
                "side_by_side": parallel,
                "duration_s": wish.duration_s,
                "estimate_s": round(seconds, 1),
                "trials": [
                    asdict(one) | {"estimate_s": round(trial_s(one, predicted.get(one.fault), measured), 1)}
                    for one in trials
                ],
            }
        )
        return
    table = Table("fault", *names, title="The plan", title_justify="left")
    counts = Counter((one.fault, one.cluster) for one in trials)
    for fault in faults:
        cells = [counts[fault, name] for name in names]
        table.add_row(fault, *("once, then as drawn" if count and endless else str(count or "") for count in cells))
    show(table)
    number = "until the time is over" if endless else counted(len(trials), "trial")
    show(
        f"{number}, target {wish.target}, seed {wish.seed}, {parallel} at a time: about {in_words(seconds)}\n"
        f"again: {orders.command}"
    )
