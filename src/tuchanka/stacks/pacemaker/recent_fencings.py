"""The last fencings of a live cluster, as its nodes' journals tell of them. Pure.

Pacemaker's own history has neither the device nor how long it took, and is lost with the nodes that had it in memory.
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from tuchanka.events.fencings import Fencing, fencings
from tuchanka.stacks.pacemaker.journal_rules import FENCINGS
from tuchanka.stacks.pacemaker.render.fencing import agent_names
from tuchanka.topology.types import Cluster

SHOWN = 3
"""So many are shown."""
SINCE = "-24h"
LINES = 200
LINE = re.compile(r"(?P<t>\d+\.\d+) (?P<node>\S+) (?P<unit>[^\s\[:]+)(?:\[\d+\])?: (?P<message>.*)")


@dataclass(frozen=True, slots=True)
class Written:
    """A line of ``journalctl --output=short-unix``."""

    t: float
    node: str
    unit: str
    message: str


def fencing_command(cluster: Cluster) -> str:
    """Return the shell command that shows what a node's journal says of fencings."""
    units = ("pacemaker-fenced", *agent_names(cluster))
    chosen = [f"--identifier={unit}" for unit in units]
    grep = "--grep=targeting|fencing: |elf-fenc"
    options = ["--quiet", "--output=short-unix", f"--since={SINCE}", f"--lines={LINES}", grep, *chosen]
    return f"timeout 3 journalctl {shlex.join(options)}"


def recent(texts: Iterable[str]) -> tuple[Fencing, ...]:
    """Return the last fencings that the nodes' journals tell of, the oldest first; times in seconds since 1970."""
    lines = [
        Written(float(match["t"]), match["node"], match["unit"], match["message"])
        for text in texts
        for match in map(LINE.fullmatch, text.splitlines())
        if match
    ]
    return fencings(lines, FENCINGS)[-SHOWN:]
