"""What changed between two looks at a cluster, in words. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tuchanka.events.fencings import Fencing
from tuchanka.stacks.pacemaker.state import ClusterState, Copy, DeviceState, InstanceState, NodeState, VipState

Tone = Literal["good", "bad", "plain"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different; ``tone`` says whether that is what one wants."""

    cluster: str
    text: str
    tone: Tone


def changes(before: ClusterState, after: ClusterState) -> tuple[Change, ...]:
    """Return what changed, from the machines up to the service; nothing exactly where a person sees no difference.

    Log positions, lags and scores move all the time and are no changes.
    """
    found = (
        *(one for pair in zip(before.nodes, after.nodes, strict=True) for one in _of_node(*pair)),
        *_of_cluster(before, after),
        *(one for pair in zip(before.instances, after.instances, strict=True) for one in _of_instance(*pair)),
        *(one for pair in zip(before.vips, after.vips, strict=True) for one in _of_vip(*pair)),
        *(one for pair in zip(before.devices, after.devices, strict=True) for one in _of_device(*pair)),
        *_of_fencings(before.fenced, after.fenced),
    )
    return tuple(Change(after.name, text, tone) for text, tone in found)


Found = Iterator[tuple[str, Tone]]


def _good(holds: bool) -> Tone:
    return "good" if holds else "bad"


def _of_node(was: NodeState, now: NodeState) -> Found:
    name = now.name
    if was.power != now.power:
        yield f"{name} is switched {now.power}", _good(now.power == "on")
    if was.stack_running != now.stack_running:
        yield f"{name} {'runs' if now.stack_running else 'no longer runs'} the cluster", _good(now.stack_running)
    if was.online != now.online:
        yield f"{name} is {'online' if now.online else 'offline'}", _good(now.online)
    if was.unclean != now.unclean:
        yield (
            f"{name} {'waits to be fenced' if now.unclean else 'need not be fenced any more'}",
            _good(not now.unclean),
        )
    for flag in ("standby", "maintenance"):
        if getattr(was, flag) != getattr(now, flag):
            yield f"{name} is {'in' if getattr(now, flag) else 'out of'} {flag}", "plain"
    if was.watchdog != now.watchdog:
        yield f"the watchdog of {name}: {was.watchdog} → {now.watchdog}", _good(now.watchdog == "armed")
    for resource in sorted({*was.fail_counts, *now.fail_counts}):
        count = now.fail_counts.get(resource)
        if count is None:
            yield f"the failures of {resource} on {name} are cleaned up", "good"
        elif count != was.fail_counts.get(resource):
            yield f"{resource} failed on {name} ({count})", "bad"


def _of_cluster(was: ClusterState, now: ClusterState) -> Found:
    before, after = was.quorum, now.quorum
    if before.quorate != after.quorate:
        yield f"quorum is {'there' if after.quorate else 'lost'}", _good(after.quorate)
    if (before.votes, before.expected) != (after.votes, after.expected):
        text = f"votes: {before.votes} of {before.expected} → {after.votes} of {after.expected}"
        yield text, _good(after.votes >= before.votes)
    if before.device != after.device:
        yield f"the quorum device {'votes' if after.device else 'does not vote'}", _good(bool(after.device))
    if was.coordinator != now.coordinator:
        yield f"coordinator: {was.coordinator or 'none'} → {now.coordinator or 'none'}", "plain"
    if was.fencing != now.fencing:
        yield f"fencing is {'enabled' if now.fencing else 'disabled'}", _good(now.fencing)
    if was.maintenance != now.maintenance:
        yield f"the cluster is {'in' if now.maintenance else 'out of'} maintenance", "plain"


def _of_instance(was: InstanceState, now: InstanceState) -> Found:
    if was.primary != now.primary:
        text = f"the primary of {now.name}: {was.primary or 'none'} → {now.primary or 'none'}"
        yield text, _good(now.primary is not None)
    for before, after in zip(was.copies, now.copies, strict=True):
        yield from _of_copy(now.name, before, after)


def _of_copy(instance: str, was: Copy, now: Copy) -> Found:
    where = f"{instance} on {now.node}"
    if was.role != now.role:
        yield f"{where}: {was.role} → {now.role}", _good(now.role != "stopped")
    if (was.in_recovery is None) != (now.in_recovery is None):
        yield (
            f"{where} {'does not answer' if now.in_recovery is None else 'answers'}",
            _good(now.in_recovery is not None),
        )
    if was.timeline is not None and now.timeline is not None and was.timeline != now.timeline:
        yield f"{where}: timeline {was.timeline} → {now.timeline}", "plain"
    if (was.state, was.sync_state) != (now.state, now.sync_state) and now.role == "standby":
        yield f"{where}: {_replication(was)} → {_replication(now)}", _good(now.state == "streaming")


def _replication(copy: Copy) -> str:
    return f"{copy.state}, {copy.sync_state}" if copy.state else "not streaming"


def _of_vip(was: VipState, now: VipState) -> Found:
    if was.nodes != now.nodes:
        places = [" and ".join(one.nodes) or "nowhere" for one in (was, now)]
        yield f"the VIP {now.name}: {places[0]} → {places[1]}", _good(len(now.nodes) == 1)


def _of_device(was: DeviceState, now: DeviceState) -> Found:
    if was.silent != now.silent and now.askable:
        yield (
            f"the fencing device of {now.node} {'does not answer' if now.silent else 'answers'}",
            _good(not now.silent),
        )


def _of_fencings(was: tuple[Fencing, ...], now: tuple[Fencing, ...]) -> Found:
    """Say what was fenced since then. Of the fencings only the last are known, so the old ones go away."""
    known = {(one.target, one.requested): one for one in was}
    for one in now:
        before = known.get((one.target, one.requested))
        if one.seconds is None:
            if before is None:
                yield f"{one.target} is being fenced by {one.by}", "plain"
        elif before is None or before.ended is None:
            how = f" ({one.how})" if one.how else ""
            if one.well:
                yield f"{one.target} was fenced by {one.by}{how}, {one.seconds:.2f} s after it was asked for", "good"
            else:
                yield f"{one.by} could not fence {one.target}, {one.seconds:.2f} s after it was asked for", "bad"
