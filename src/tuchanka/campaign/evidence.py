"""What the nodes themselves say of a trial: their journals, and the commits found on the primary."""

import json
import re
import time
from typing import Any

from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.events import CommitsCounted, Journal
from tuchanka.heartbeat import schema
from tuchanka.lab.lab import Lab
from tuchanka.providers.base import Node
from tuchanka.stacks.pacemaker.setup.instance import psql
from tuchanka.topology.types import Cluster, Instance

JOURNAL_S = 30.0
# Everything that takes part in a failover; the rest of a journal is of no use to the anatomy.
UNITS = re.compile(r"corosync(-qdevice)?|pacemaker.*|sbd|pgsqlms\(.*|IPaddr2\(.*|postgres-.*")


async def count_commits(
    lab: Lab, cluster: Cluster, instance: Instance, *, primary: str, run: str, trial: int, up_to: int
) -> CommitsCounted:
    """Ask the primary which beats of the run it has."""
    machine = lab.machine(cluster.node(primary).name)
    rows = await psql(machine, instance, schema.DATABASE, schema.found_ranges(run) + ";\n")
    ranges = [[int(number) for number in row.split("|")] for row in rows.split()]
    return CommitsCounted(time.monotonic(), trial, instance.name, primary, up_to, ranges)


async def read_journal(machine: Node, since_mono: float) -> list[Journal]:
    """Return the machine's journal since a moment, in our time; nothing from a machine that can't be asked.

    The machine's clock is compared with ours in the same command; the answer's travel time bounds the error.
    """
    begin_mono, begin_wall = time.monotonic(), time.time()
    since = begin_wall - (begin_mono - since_mono) - 1
    script = f"date +%s.%N; exec journalctl --quiet --output=json --since=@{since:.0f}"
    try:
        done = await machine.run(["sh", "-c", script], timeout=JOURNAL_S, check=False)
    except (MachineError, DeadlineExceeded):
        return []
    clock, _, text = done.stdout.partition("\n")
    skew = float(clock) - begin_wall if clock else 0.0
    lines = [_entry(machine.name, line, begin_mono - begin_wall - skew) for line in text.splitlines()]
    return [line for line in lines if line is not None and line.t >= since_mono]


def _entry(node: str, line: str, to_mono: float) -> Journal | None:
    """Read one line of ``journalctl --output=json`` (systemd.journal-fields(7)); ``None`` if it isn't of interest."""
    try:
        entry: dict[str, Any] = json.loads(line)
    except ValueError:  # cut off by a power loss
        return None
    unit, message = entry.get("SYSLOG_IDENTIFIER", ""), entry.get("MESSAGE", "")
    if not isinstance(unit, str) or not isinstance(message, str) or not UNITS.fullmatch(unit):
        return None
    moment = entry.get("_SOURCE_REALTIME_TIMESTAMP") or entry["__REALTIME_TIMESTAMP"]
    return Journal(int(moment) / 1e6 + to_mono, node, unit, message.strip())
