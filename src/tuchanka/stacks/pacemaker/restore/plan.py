"""What a restore would do, and whether it may: a pure function of what was seen."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from tuchanka.errors import LabError, RestoreRefused
from tuchanka.postgres.controldata import lsn
from tuchanka.stacks.pacemaker.restore.method import MethodChoice, Seen, choose, size

Action = Literal[
    "stop-cluster",
    "stop-server",
    "restart",
    "recover",
    "keep-copy",
    "delete-data",
    "rewind",
    "delta",
    "base-backup",
    "forget-score",
    "clean-up",
    "start-cluster",
    "drop-old",
    "first",
    "refill",
]


Mode = Literal["", "standby", "maintenance"]


@dataclass(frozen=True, slots=True)
class RestoreStep:
    """One step, in words for people and with what it acts on. ``why`` is the reason for what was chosen."""

    action: Action
    instance: str
    text: str
    why: str = ""


def make_plan(
    seen: tuple[Seen, ...],
    node: str,
    *,
    force: bool,
    quorum_without: bool = True,
    primaries: Collection[str] = (),
    given_up: Collection[str] = (),
    mode: Mode = "",
) -> tuple[RestoreStep, ...]:
    """Return the steps that make the node's copies standbys again; none if they are.

    ``quorum_without``: the others keep their quorum while the cluster is stopped on the node. ``primaries`` are the
    instances whose primary the node holds, ``given_up`` those that Pacemaker has stopped there after failures, and
    won't start before a cleanup: such copies are restored beside a primary of another instance, in a running cluster.
    ``mode``: why Pacemaker would start nothing on the node.

    Raises:
        LabError: an instance has no primary to copy from, there is no room, no quorum to spare, or the node is in a
            mode in which nothing is started there.
        RestoreRefused: the node holds the primary, or data that the primary's timeline doesn't explain; or the room
            can't be compared, beside a primary of another instance.
    """
    held = sorted({one.instance for one in seen if one.primary == node} | set(primaries))
    broken = tuple(one for one in seen if not one.streaming and one.instance not in held)
    for one in broken:
        check(one, force=force)
    if held and not (broken and all(one.instance in given_up and not one.server_runs for one in broken)):
        raise RestoreRefused(
            f"it holds the primary of {', '.join(held)}",
            where=node,
            hint="switch it over first; --force does not help",
        )
    left_over = tuple(drop_old(one) for one in seen if one.streaming and one.kept)
    if mode and (broken or left_over):
        raise LabError(
            f"it is in {mode}, so Pacemaker would start nothing there", where=node, hint=f"end the {mode} first"
        )
    if not broken:
        return left_over
    steps = []
    if not held and any(one.stack_running for one in seen):
        if not quorum_without:
            raise LabError(
                "the cluster can't be stopped there: the other nodes would lose their quorum",
                where=node,
                hint="restore the nodes first that are down",
            )
        steps.append(RestoreStep("stop-cluster", "", f"stop the cluster on {node}"))
    drop = list(left_over)
    for one in broken:
        choice = choose(one)
        if one.server_runs and not one.stack_running:
            steps.append(_about(one, "stop-server", "stop its server, which the cluster doesn't keep"))
        if held and not force and choice.method == "base-backup":
            _refuse_unknown_size(one, held)
        made, keeps = of_copy(one, choice)
        steps += made
        if keeps:
            drop.append(drop_old(one))
        steps += [
            _about(one, "forget-score", f"forget the promotion score stored for {node}"),
            _about(one, "clean-up", f"clean up its failures on {node}"),
        ]
    if not held:
        steps.append(RestoreStep("start-cluster", "", f"start the cluster on {node}"))
    return (*steps, *drop)


def _refuse_unknown_size(one: Seen, held: list[str]) -> None:
    """Refuse a copy that could fill the disk under a running primary of another instance."""
    if not one.room.primary:
        raise RestoreRefused(
            f"{one.instance}: how much its data takes is not known, and it shares a disk with the primary of "
            f"{', '.join(held)}",
            where=one.node,
            hint=f"compare the data's size on {one.primary} with what is free here, then use --force",
        )


def of_copy(one: Seen, choice: MethodChoice) -> tuple[list[RestoreStep], bool]:
    """Return the steps that make one copy's data right, and whether they leave the old data aside.

    Raises:
        LabError: there is no room.
    """
    name = one.instance
    steps: list[RestoreStep] = []
    if choice.method == "restart":
        steps = [RestoreStep("restart", name, f"{name}: keep the data as it is: {choice.why}", choice.why)]
        if one.data and one.data.crashed:
            steps.append(RestoreStep("recover", name, f"{name}: let it recover from its crash, as a standby"))
        return steps, one.kept
    if choice.method == "rewind":
        return _in_place(one, choice, f"rewind the data to {one.primary} with pg_rewind{_discarded(one)}")
    if choice.method == "delta":
        return _in_place(one, choice, f"change the data to that of the archive's last backup{_discarded(one)}")
    room, old = one.room, one.data is not None and not one.kept
    if room.primary and not (room.for_both or room.for_one):
        raise LabError(
            f"{name}: its data takes {'about ' * room.estimated}{size(room.primary)}, "
            f"{size(room.free + room.data)} can be had",
            where=one.node,
            hint="make room first",
        )
    aside = "the data of before the unfinished restore stays kept" if one.kept else "the node has no data to keep"
    if room.primary and not room.for_both:
        # What an unfinished restore left is worth nothing; what it kept stays.
        steps.append(
            RestoreStep(
                "delete-data",
                name,
                f"{name}: delete the old data first: {size(room.free)} are free, too few for both",
            )
        )
        aside = aside if one.kept else "the old data is not kept"
    elif old:
        aside = "the old data is kept until the standby streams"
    text = f"{name}: copy the data from {one.primary}{_discarded(one)}; {aside}; {choice.why}"
    steps.append(RestoreStep("base-backup", name, text, choice.why))
    return steps, one.kept or (old and len(steps) == 1)


def _in_place(one: Seen, choice: MethodChoice, what: str) -> tuple[list[RestoreStep], bool]:
    """Return the steps of a method that changes the data where it is."""
    name = one.instance
    steps: list[RestoreStep] = []
    if one.kept:
        aside = "the data of before the unfinished restore stays kept"
    elif one.room.for_copy:
        steps.append(RestoreStep("keep-copy", name, f"{name}: keep a copy of the old data ({size(one.room.data)})"))
        aside = "that copy is kept until the standby streams"
    else:
        aside = (
            f"the old data is not kept: {size(one.room.data)} are too much for a copy, {size(one.room.free)} are free"
        )
    text = f"{name}: {what}; {aside}; {choice.why}"
    action: Action = "rewind" if choice.method == "rewind" else "delta"
    return [*steps, RestoreStep(action, name, text, choice.why)], one.kept or bool(steps)


def drop_old(one: Seen) -> RestoreStep:
    """Return the step that ends a restore."""
    return _about(one, "drop-old", "delete the old data once the standby streams")


def _about(one: Seen, action: Action, text: str) -> RestoreStep:
    return RestoreStep(action, one.instance, f"{one.instance}: {text}")


def check(seen: Seen, *, force: bool) -> None:
    """Refuse what could destroy the only copy of something.

    Data of a timeline that the primary descends from is explained by the failover, whatever was written after the
    two diverged: it was never replicated, and the primary went on without it. Anything else isn't.
    """
    if seen.primary is None:
        raise LabError(
            f"{seen.instance} has no primary to copy from",
            where=seen.node,
            hint="'tuchanka status', or 'mon' on a node, shows why",
        )
    data = seen.data
    # After an unfinished restore the data is the primary's own, and what it was before is kept, or was judged then.
    if seen.primary == seen.node or data is None or seen.half_rewound:
        return
    reason = ""
    if seen.primary_system and data.system and data.system != seen.primary_system:
        reason = f"its data is of another database cluster ({data.system}, the primary's is {seen.primary_system})"
    elif data.timeline > seen.primary_timeline:
        reason = f"its data is on timeline {data.timeline}, the primary's on {seen.primary_timeline}"
    elif data.timeline == seen.primary_timeline and lsn(seen.reached) > lsn(seen.primary_position):
        reason = f"its data reaches {seen.reached}, the primary's only {seen.primary_position}"
    elif data.timeline < seen.primary_timeline and data.timeline not in seen.history:
        reason = f"the primary does not descend from its timeline {data.timeline}"
    if reason and seen.takes_writes:
        raise RestoreRefused(
            f"its server holds a primary of {seen.instance} outside the cluster, and {reason}",
            where=seen.node,
            hint="stop that server first; --force does not help",
        )
    if reason and not force:
        raise RestoreRefused(
            f"{seen.instance}: {reason}, so it may hold the only copy of something",
            where=seen.node,
            hint="save its data directory first, then use --force",
        )


def _discarded(seen: Seen) -> str:
    """Say what of the node's own data is replaced."""
    if seen.data is None:
        return " (the node has no data)"
    left = seen.history.get(seen.data.timeline)
    if left and lsn(seen.reached) > lsn(left):
        beyond = lsn(seen.reached) - lsn(left)
        return f" (discards at least {beyond} bytes of log that were never replicated, written after {left})"
    return f" (replaces its data of timeline {seen.data.timeline})"
