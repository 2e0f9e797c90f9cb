"""What a restore would do, and whether it may: a pure function of what was seen."""

from dataclasses import dataclass
from typing import Literal

from tuchanka.cluster.controldata import ControlData, lsn
from tuchanka.errors import LabError, RestoreRefused

Action = Literal["stop-cluster", "base-backup", "forget-score", "clean-up", "start-cluster"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One instance as a restore finds it: the failed node's copy, and the primary that it would be copied from.

    ``data`` is ``None`` where the node has no readable data directory. ``history`` maps each earlier timeline of the
    primary to the log position where it was left.
    """

    instance: str
    node: str
    primary: str | None
    streaming: bool
    stack_running: bool
    data: ControlData | None
    primary_timeline: int
    primary_position: str
    history: dict[int, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One step, in words for people and with what it acts on."""

    action: Action
    instance: str
    text: str


def make_plan(seen: tuple[Seen, ...], node: str, *, force: bool) -> tuple[Step, ...]:
    """Return the steps that make the node's copies standbys again; none if they are.

    Raises:
        LabError: an instance has no primary to copy from.
        RestoreRefused: the node holds the primary, or data that the primary's timeline doesn't explain.
    """
    broken = tuple(one for one in seen if not one.streaming)
    for one in broken:
        check(one, force=force)
    held = [one.instance for one in seen if one.primary == node]
    if held:
        raise RestoreRefused(
            f"it holds the primary of {', '.join(held)}",
            where=node,
            hint="switch it over first; --force does not help",
        )
    if not broken:
        return ()
    steps = []
    if any(one.stack_running for one in seen):
        steps.append(Step("stop-cluster", "", f"stop the cluster on {node}"))
    for one in broken:
        steps += [
            Step("base-backup", one.instance, f"{one.instance}: copy the data from {one.primary}{_discarded(one)}"),
            Step("forget-score", one.instance, f"{one.instance}: forget the promotion score stored for {node}"),
            Step("clean-up", one.instance, f"{one.instance}: clean up its failures on {node}"),
        ]
    return (*steps, Step("start-cluster", "", f"start the cluster on {node}"))


def check(seen: Seen, *, force: bool) -> None:
    """Refuse what could destroy the only copy of something.

    Data of a timeline that the primary descends from is explained by the failover, whatever was written after the
    two parted: it was never replicated, and the primary went on without it. Anything else isn't.
    """
    if seen.primary is None:
        raise LabError(
            f"{seen.instance} has no primary to copy from", where=seen.node, hint="see 'tuchanka status' for why"
        )
    data = seen.data
    if seen.primary == seen.node or data is None or force:
        return
    reason = ""
    if data.timeline > seen.primary_timeline:
        reason = f"its data is on timeline {data.timeline}, the primary's on {seen.primary_timeline}"
    elif data.timeline == seen.primary_timeline and lsn(data.position) > lsn(seen.primary_position):
        reason = f"its data reaches {data.position}, the primary's only {seen.primary_position}"
    elif data.timeline < seen.primary_timeline and data.timeline not in seen.history:
        reason = f"the primary does not descend from its timeline {data.timeline}"
    if reason:
        raise RestoreRefused(
            f"{seen.instance}: {reason}, so it may hold the only copy of something",
            where=seen.node,
            hint="save its data directory first, then use --force",
        )


def _discarded(seen: Seen) -> str:
    """Say what of the node's own data the copy replaces."""
    if seen.data is None:
        return " (the node has no data)"
    left = seen.history.get(seen.data.timeline)
    if left and lsn(seen.data.position) > lsn(left):
        beyond = lsn(seen.data.position) - lsn(left)
        return f" (discards at least {beyond} bytes of log that were never replicated, written after {left})"
    return f" (replaces its data of timeline {seen.data.timeline})"
