"""Looks at every node before a trial and after it; what the two say is judged elsewhere, from the history."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from tuchanka.archive.status import status
from tuchanka.errors import DeadlineExceeded, MachineError, TuchankaError
from tuchanka.events import Audited, CopyFacts, Event, MachineStopped, NodeFacts
from tuchanka.events.facts import FEW_FILES
from tuchanka.lab.lab import Deployment
from tuchanka.lab.stack import Unsettled
from tuchanka.providers.base import Node, PowerLog
from tuchanka.stacks.pacemaker import audit_facts as facts
from tuchanka.stacks.pacemaker.observe import watchdog_of
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together

LOOK_S = 15.0
# Standbys replay, and PAF sets its scores, within a monitor interval or two after the cluster is healthy.
SETTLE_S = 12.0
AGAIN_S = 1.0
# After three failures PostgreSQL's archiver tries again a minute later (pgarch.c), if nothing new comes.
ARCHIVED_S = 75.0
# Rows that are younger may be on their way to a standby.
YOUNG_S = 2.0
Nodes = dict[str, NodeFacts]
# (node, instance) → what keeps its archive from being whole
Gaps = Mapping[tuple[str, str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the nodes showed before the fault, at ``t`` (monotonic seconds) or ``wall`` (since the epoch)."""

    t: float
    wall: float = 0.0
    nodes: Mapping[str, NodeFacts] = field(default_factory=dict)


async def baseline(lab: Deployment, cluster: Cluster) -> Baseline:
    """Look at the nodes of a healthy cluster, before the fault."""
    t, wall = time.monotonic(), time.time()
    return Baseline(t, wall, await _look(lab, cluster, since=wall, cut=wall - YOUNG_S))


async def audit(
    lab: Deployment, cluster: Cluster, trial: int, before: Baseline, unsettled: Unsettled
) -> tuple[Event, ...]:
    """Look at the nodes after the trial, when the cluster is healthy again; the events belong into the history.

    What is only late (``unsettled``: replay, scores) gets ``SETTLE_S`` to settle, and an archive ``ARCHIVED_S``. The
    heartbeat may still be running.
    """
    end, cut = time.monotonic() + SETTLE_S, time.time() - YOUNG_S
    nodes = first = await _look(lab, cluster, since=before.wall, cut=cut)

    async def look() -> Nodes:
        return _with_positions(first, await _look(lab, cluster, since=before.wall, cut=cut))

    while unsettled(nodes) and time.monotonic() + AGAIN_S < end:
        await asyncio.sleep(AGAIN_S)
        nodes = await look()
    if lab.topology.archive is not None:
        nodes = await _archived(lab, cluster, nodes, look)
    now = time.monotonic()
    stops = [stop for machine in lab.nodes(cluster) for stop in _stops(machine, before.t, now)]
    logged = {machine.name for machine in lab.nodes(cluster) if isinstance(machine, PowerLog)}
    looks = [
        Audited(now, trial, name, *facts.differing(nodes[name], before.nodes.get(name, NodeFacts())), name in logged)
        for name in nodes
    ]
    return (*sorted(stops, key=lambda one: one.t), *looks)


def _with_positions(first: Mapping[str, NodeFacts], nodes: Mapping[str, NodeFacts]) -> dict[str, NodeFacts]:
    """Compare the standbys with where the primary was at the first look: a writer may still be writing."""

    def kept(node: str, instance: str, copy: CopyFacts) -> CopyFacts:
        earlier = first[node].copies.get(instance)
        of_primary = earlier is not None and not copy.in_recovery and not earlier.in_recovery
        return replace(copy, lsn=earlier.lsn) if earlier is not None and of_primary else copy

    return {
        name: replace(node, instances={one: kept(name, one, copy) for one, copy in node.copies.items()})
        if node.instances is not None
        else node
        for name, node in nodes.items()
    }


async def _archived(
    lab: Deployment, cluster: Cluster, nodes: Mapping[str, NodeFacts], look: Callable[[], Awaitable[Nodes]]
) -> Nodes:
    """Return the nodes once nothing is left to do for their archives, or after ``ARCHIVED_S``, with the gaps.

    They are looked at after the store was asked: what closed a gap has said so by then.
    """
    end = time.monotonic() + ARCHIVED_S
    while True:
        gaps = await _gaps(lab, cluster, nodes)
        nodes = {name: _with_gaps(name, node, gaps) for name, node in (await look()).items()}
        primaries = (copy for node in nodes.values() for copy in node.copies.values() if not copy.in_recovery)
        archives = [copy.archive for copy in primaries if copy.archive is not None]
        if not any(one.behind or one.gaps is None for one in archives) or time.monotonic() + AGAIN_S >= end:
            return nodes
        await asyncio.sleep(AGAIN_S)


async def _gaps(lab: Deployment, cluster: Cluster, nodes: Mapping[str, NodeFacts]) -> Gaps:
    """Ask each archive for its gaps, on the node of the primary; not while much log waits there."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, node in nodes.items():
        for instance, copy in node.copies.items():
            if copy.archive is None or copy.in_recovery or copy.archive.waiting >= FEW_FILES:
                continue
            with contextlib.suppress(TuchankaError):
                shown = await status(lab.machine(name), name, instance, cluster.instance(instance).port)
                found[name, instance] = shown.findings
    return found


def _with_gaps(name: str, node: NodeFacts, gaps: Gaps) -> NodeFacts:
    if node.instances is None:
        return node
    copies = {
        instance: replace(copy, archive=replace(copy.archive, gaps=gaps[name, instance]))
        if copy.archive is not None and (name, instance) in gaps
        else copy
        for instance, copy in node.instances.items()
    }
    return replace(node, instances=copies)


async def _look(lab: Deployment, cluster: Cluster, *, since: float, cut: float) -> dict[str, NodeFacts]:
    """Return node → its facts, of all nodes at once; none of a node that can't be asked."""
    archived = lab.topology.archive is not None

    async def one(machine: Node) -> NodeFacts:
        text = facts.script(
            cluster, machine.name, version=cluster.postgresql, since=since, cut=cut, archived=archived
        )
        try:
            done = await machine.run(["sh"], stdin=text.encode(), timeout=LOOK_S, check=False)
            return facts.read(cluster, machine.name, done.stdout, await watchdog_of(machine))
        except (MachineError, DeadlineExceeded):
            return NodeFacts()

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
