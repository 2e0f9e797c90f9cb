"""Looks at every node before a trial and after it; what the two say is judged by ``campaign.audited``."""

from dataclasses import dataclass, field
from typing import Any

from tuchanka.events import Event
from tuchanka.lab.lab import Lab
from tuchanka.topology.types import Cluster


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the nodes showed before the fault, at ``t`` (monotonic seconds)."""

    t: float
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)


async def baseline(lab: Lab, cluster: Cluster) -> Baseline:
    """Look at the nodes of a healthy cluster, before the fault."""
    del lab, cluster
    return Baseline(0.0)


async def audit(lab: Lab, cluster: Cluster, trial: int, before: Baseline) -> tuple[Event, ...]:
    """Look at the nodes after the trial, when the cluster is healthy again; the events belong into the history.

    The heartbeat may still be running.
    """
    del lab, cluster, trial, before
    return ()
