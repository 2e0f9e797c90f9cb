"""What the nodes themselves say of a trial: their journals, and the commits found on the primary."""

import json
import re
import time
from collections.abc import Sequence
from typing import Any

from tuchanka.campaign import clocks
from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.events import ClocksCompared, CommitsCounted, Journal
from tuchanka.heartbeat import schema
from tuchanka.lab.lab import Lab
from tuchanka.postgres.psql import psql
from tuchanka.providers.base import Node
from tuchanka.services.heartbeat import DATABASE
from tuchanka.topology.types import Cluster, Instance

JOURNAL_S = 30.0
MARGIN_S = 2.0
# Everything that takes part in a failover; the rest of a journal is of no use to the anatomy.
UNITS = re.compile(r"corosync(-qdevice)?|pacemaker.*|sbd|pgsqlms\(.*|IPaddr2\(.*|postgres-.*|fence_.*")


async def count_commits(
    lab: Lab, cluster: Cluster, instance: Instance, *, primary: str, run: str, trial: int, up_to: int
) -> CommitsCounted:
    """Ask the primary which beats of the run it has."""
    machine = lab.machine(cluster.node(primary).name)
    found = await psql(machine, instance.port, schema.found_ranges(run) + ";\n", database=DATABASE)
    ranges = [[int(number) for number in row.split("|")] for row in found.stdout.split()]
    return CommitsCounted(time.monotonic(), trial, instance.name, primary, up_to, ranges)


async def read_journal(
    machine: Node, since: float, before: ClocksCompared | None
) -> tuple[list[Journal], list[ClocksCompared]]:
    """Return the machine's journal since a moment, in our time, and the samples of its clocks that say so.

    ``before`` is a sample from the trial's beginning. A machine that can't be asked says nothing.
    """
    now = await clocks.sample(machine)
    samples = [one for one in (before, now) if one]
    if now is None:
        return [], samples
    # By its wall clock, whichever way that was set meanwhile.
    begin = min(clocks.wall_at(one, since) for one in samples) - MARGIN_S
    command = ["journalctl", "--quiet", "--output=json", f"--since=@{begin:.0f}"]
    try:
        done = await machine.run(command, timeout=JOURNAL_S, check=False)
    except (MachineError, DeadlineExceeded):
        return [], samples
    return [line for line in in_our_time(machine.name, done.stdout, samples) if line.t >= since], samples


def in_our_time(node: str, text: str, samples: Sequence[ClocksCompared]) -> list[Journal]:
    """Return what is of interest of ``journalctl --output=json`` (systemd.journal-fields(7)). Pure."""
    # All entries say whether somebody has set the clock.
    entries = [entry for entry in map(_parse, text.splitlines()) if entry]
    moments = clocks.translate([_stamp(entry) for entry in entries], samples)
    return [
        Journal(moment, node, entry["SYSLOG_IDENTIFIER"], entry["MESSAGE"].strip())
        for moment, entry in zip(moments, entries, strict=True)
        if _is_of_interest(entry)
    ]


def _parse(line: str) -> dict[str, Any] | None:
    try:
        entry: dict[str, Any] = json.loads(line)
    except ValueError:  # cut off by a power loss
        return None
    return entry if {"_BOOT_ID", "__MONOTONIC_TIMESTAMP", "__REALTIME_TIMESTAMP"} <= entry.keys() else None


def _stamp(entry: dict[str, Any]) -> clocks.Stamp:
    sent = entry.get("_SOURCE_REALTIME_TIMESTAMP")
    return clocks.Stamp(
        entry["_BOOT_ID"],
        int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6,
        int(entry["__REALTIME_TIMESTAMP"]) / 1e6,
        None if sent is None else int(sent) / 1e6,
    )


def _is_of_interest(entry: dict[str, Any]) -> bool:
    unit, message = entry.get("SYSLOG_IDENTIFIER"), entry.get("MESSAGE")
    return isinstance(unit, str) and isinstance(message, str) and UNITS.fullmatch(unit) is not None
