"""Looks at every node before a trial and after it; what the two say is judged by ``analysis.checks.audit``."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from tuchanka.analysis.checks import audit as audited
from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.events import Audited, Event, MachineStopped
from tuchanka.lab.lab import Deployment
from tuchanka.providers.base import Node, PowerLog
from tuchanka.stacks.pacemaker import audit_facts as facts
from tuchanka.stacks.pacemaker.audit_facts import Facts
from tuchanka.stacks.pacemaker.observe import watchdog_of
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together

LOOK_S = 15.0
# Standbys replay, and PAF sets its scores, within a monitor interval or two after the cluster is healthy.
SETTLE_S = 12.0
AGAIN_S = 1.0
# Rows that are younger may be on their way to a standby.
YOUNG_S = 2.0


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the nodes showed before the fault, at ``t`` (monotonic seconds) or ``wall`` (since the epoch)."""

    t: float
    wall: float = 0.0
    nodes: Mapping[str, Facts] = field(default_factory=dict)


async def baseline(lab: Deployment, cluster: Cluster) -> Baseline:
    """Look at the nodes of a healthy cluster, before the fault."""
    t, wall = time.monotonic(), time.time()
    return Baseline(t, wall, await _look(lab, cluster, since=wall, cut=wall - YOUNG_S))


async def audit(lab: Deployment, cluster: Cluster, trial: int, before: Baseline) -> tuple[Event, ...]:
    """Look at the nodes after the trial, when the cluster is healthy again; the events belong into the history.

    What is only late (replay, scores) gets ``SETTLE_S`` to settle. The heartbeat may still be running.
    """
    end, cut = time.monotonic() + SETTLE_S, time.time() - YOUNG_S
    nodes = first = await _look(lab, cluster, since=before.wall, cut=cut)
    while audited.unsettled(nodes) and time.monotonic() + AGAIN_S < end:
        await asyncio.sleep(AGAIN_S)
        nodes = await _look(lab, cluster, since=before.wall, cut=cut)
        _keep_positions(first, nodes)
    now = time.monotonic()
    stops = [stop for machine in lab.nodes(cluster) for stop in _stops(machine, before.t, now)]
    looks = [Audited(now, trial, name, *facts.differing(nodes[name], before.nodes.get(name, {}))) for name in nodes]
    return (*sorted(stops, key=lambda one: one.t), *looks)


def _keep_positions(first: Mapping[str, Facts], nodes: Mapping[str, Facts]) -> None:
    """Compare the standbys with where the primary was at the first look: a writer may still be writing."""
    for name, node in nodes.items():
        for instance, copy in node.get("instances", {}).items():
            earlier = first[name].get("instances", {}).get(instance)
            if earlier and not copy["in_recovery"] and not earlier["in_recovery"]:
                copy["lsn"] = earlier["lsn"]


async def _look(lab: Deployment, cluster: Cluster, *, since: float, cut: float) -> dict[str, Facts]:
    """Return node → its facts, of all nodes at once; none of a node that can't be asked."""

    async def one(machine: Node) -> Facts:
        text = facts.script(cluster, machine.name, version=cluster.postgresql, since=since, cut=cut)
        try:
            done = await machine.run(["sh"], stdin=text.encode(), timeout=LOOK_S, check=False)
            return facts.read(cluster, machine.name, done.stdout, await watchdog_of(machine))
        except (MachineError, DeadlineExceeded):
            return {}

    machines = lab.nodes(cluster)
    return dict(zip((node.name for node in cluster.nodes), await together(*map(one, machines)), strict=True))


def _stops(machine: Node, begin: float, end: float) -> list[MachineStopped]:
    """Return when the machine stopped meanwhile, where its provider knows."""
    found = machine.stops() if isinstance(machine, PowerLog) else ()
    return [
        MachineStopped(stop.t, machine.name, stop.reason, stop.frozen, stop.thawed)
        for stop in found
        if begin <= stop.t <= end
    ]
