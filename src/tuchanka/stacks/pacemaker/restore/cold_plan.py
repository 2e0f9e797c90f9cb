"""Which copy goes first when no copy serves: a pure function of what the nodes' data shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from tuchanka.postgres.controldata import ControlData, lsn
from tuchanka.postgres.wal import NO_LOG, Log
from tuchanka.stacks.pacemaker.restore.method import size
from tuchanka.stacks.pacemaker.restore.plan import RestoreStep
from tuchanka.topology.types import Cluster, Instance


@dataclass(frozen=True, slots=True)
class Found:
    """The data of one copy: ``None`` where there is none that can be trusted, and its log."""

    data: ControlData | None = None
    log: Log = NO_LOG

    @property
    def reached(self) -> tuple[int, int]:
        """How far it goes: timeline and position. A newer timeline counts more than any position."""
        if self.data is None:
            return (0, 0)
        return (self.data.timeline, max(lsn(self.data.position), lsn(self.log.last or "0/0")))

    @property
    def crashed(self) -> bool:
        """Whether it has to recover before PAF may see it."""
        return self.data is not None and self.data.crashed


@dataclass(frozen=True, slots=True)
class ColdPlan:
    """What a start from nothing does.

    ``best`` maps each instance to the node whose copy is promoted, and ``why`` to the reason. ``start`` are the nodes
    to start first; ``recover`` the (instance, node) that must recover from a crash before.
    """

    best: dict[str, str]
    why: dict[str, str]
    start: tuple[str, ...]
    recover: tuple[tuple[str, str], ...]


def make_cold_plan(cluster: Cluster, found: Mapping[tuple[str, str], Found]) -> ColdPlan:
    """Choose the most advanced copy of each instance, and the nodes to start: as few stale copies as quorum allows.

    ``found`` maps (instance, node) to the copy. Copies of one timeline are the same log up to different positions, so
    all of the newest one start together, and the shorter catch up. A copy of an older timeline would not become
    primary, because its stored score is deleted, but it may have diverged from the others; it is restored later.
    """
    best = {instance.name: _best(instance, found) for instance in cluster.instances}
    level = {
        node.name: all(
            found[instance.name, node.name].reached[0] == found[instance.name, best[instance.name]].reached[0]
            for instance in cluster.instances
            if node.name in instance.nodes
        )
        for node in cluster.nodes
    }
    start = [node.name for node in cluster.nodes if level[node.name] or node.name in best.values()]
    votes = len(cluster.nodes) + (1 if cluster.witness else 0)
    needed = votes // 2 + 1 - (1 if cluster.witness else 0)
    for node in cluster.nodes:
        if node.name not in start and len(start) < needed:
            start.append(node.name)
    return ColdPlan(
        best=best,
        why={instance.name: _why(instance, best[instance.name], found) for instance in cluster.instances},
        start=tuple(start),
        recover=tuple(key for key, one in found.items() if one.crashed and key[1] in start),
    )


def cold_steps(cold: ColdPlan) -> tuple[RestoreStep, ...]:
    """Return the plan in the steps' form, for people and programs."""
    recovered = {instance: node for instance, node in cold.recover if cold.best[instance] == node}
    first = [
        RestoreStep("first", name, f"{name}: bring {node} up first: {cold.why[name]}", cold.why[name])
        for name, node in cold.best.items()
    ]
    crashed = [
        RestoreStep("recover", name, f"{name}: let {node} recover from its crash, as a standby")
        for name, node in recovered.items()
    ]
    start = RestoreStep(
        "start-cluster", "", f"start the cluster on {', '.join(cold.start)}; the scores say who is promoted"
    )
    return (*first, *crashed, start)


def _best(instance: Instance, found: Mapping[tuple[str, str], Found]) -> str:
    """Return the node with the most advanced copy; of equal ones the instance's home, else the first."""
    return max(instance.nodes, key=lambda node: (found[instance.name, node].reached, node == instance.home))


def _why(instance: Instance, best: str, found: Mapping[tuple[str, str], Found]) -> str:
    timeline, position = found[instance.name, best].reached
    others = []
    for node in instance.nodes:
        theirs = found[instance.name, node].reached
        if node == best:
            continue
        if theirs == (0, 0):
            others.append(f"{node} has no data that can be trusted")
        elif theirs == (timeline, position):
            others.append(f"{node} is level")
        elif theirs[0] < timeline:
            others.append(f"{node} is on the older timeline {theirs[0]}")
        else:
            others.append(f"{node} is {size(position - theirs[1])} behind")
    reached = f"timeline {timeline} up to {position >> 32:X}/{position & 0xFFFFFFFF:X}"
    return f"{reached}; {', '.join(others) or 'the only one'}"
