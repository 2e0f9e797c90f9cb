"""The outage that a planned operation caused: the heartbeat runs from before its begin until the service is back."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from tuchanka.analysis.outages import FRESH_S, outages
from tuchanka.campaign.evidence import count_commits
from tuchanka.campaign.service_watch import ServiceWatch
from tuchanka.errors import LabError
from tuchanka.events import CommitsCounted, Event, Read, Write
from tuchanka.heartbeat.client import configure, recording
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Progress
from tuchanka.lab.stack import primary_of
from tuchanka.topology.types import Cluster, Instance
from tuchanka.waiting import wait_until

STEADY_S = 30.0
BACK_S = 60.0
RATE = 20.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gap:
    """What the heartbeat saw. Seconds are exact to a beat (0.05 s); ``write_s`` is 0 where no write was refused.

    ``write_s`` and ``read_s`` (of the standby VIP that had the longest) are from the first beat due that failed to
    the first good answer after it, the longest if there were several; None where the service did not come back.
    ``lost``: acknowledged writes that the primary doesn't have afterwards. ``warned``: acknowledged with a warning.
    """

    write_s: float | None
    read_s: float | None
    acknowledged: int
    lost: int
    indeterminate: int
    warned: int = 0


async def measured(
    lab: Lab, cluster: Cluster, instance: Instance, act: Callable[[], Awaitable[T]], progress: Progress
) -> tuple[T, Gap]:
    """Do something to the cluster while the heartbeat of the instance runs, and return what it cost.

    Raises:
        DeadlineExceeded: the service was not there before, or did not come back.
    """
    watch = ServiceWatch(instance.name, tuple(vip.name for vip in instance.standby_vips))
    events: list[Event] = []

    def sink(event: Event) -> None:
        events.append(event)
        watch.feed(event)

    async def steady() -> bool:
        return watch.steady

    async def back() -> bool:
        return watch.stable(time.monotonic())

    config = configure(lab, [(cluster, instance)], rate=RATE)
    async with recording(lab, config, sink):
        with progress.step("heartbeat", instance.name):
            await wait_until(steady, deadline_s=STEADY_S, what="a steady heartbeat", why_not=watch.missing)
        since = time.monotonic()
        result = await act()
        with progress.step("service", instance.name):
            await wait_until(back, deadline_s=BACK_S, what="the service's return", why_not=watch.missing)
    primary = primary_of(await lab.stack.roles(lab, cluster, instance))
    if primary is None:
        raise LabError(f"{instance.name} has no primary to count commits on", where=cluster.name)
    counted = await count_commits(
        lab, cluster, instance, primary=primary, run=config.run, trial=0, up_to=watch.resolved_up_to
    )
    return result, gap_of(events, since, counted)


def gap_of(events: Iterable[Event], since: float, counted: CommitsCounted) -> Gap:
    """Return the gap in a heartbeat of one instance, of what was known after ``since`` (monotonic seconds). Pure."""
    every = list(events)
    writes = tuple(sorted((one for one in every if isinstance(one, Write)), key=lambda one: one.seq))
    away = [one for one in outages(writes) if one.known >= since]
    reads = sorted((one for one in every if isinstance(one, Read) and one.t >= since), key=lambda one: one.due)
    found = {number for first, last in counted.ranges for number in range(first, last + 1)}
    acknowledged = [one.seq for one in writes if one.outcome == "acknowledged"]
    return Gap(
        write_s=_longest([None if one.over is None else one.over - one.began for one in away]),
        read_s=_longest([_away([one for one in reads if one.vip == vip]) for vip in {one.vip for one in reads}]),
        acknowledged=len(acknowledged),
        lost=sum(1 for seq in acknowledged if seq not in found),
        indeterminate=sum(1 for one in writes if one.outcome == "indeterminate"),
        warned=sum(1 for one in writes if one.outcome == "warned"),
    )


def _longest(gaps: list[float | None]) -> float | None:
    """Return the longest; None, an outage that did not end, is longer than any."""
    known = [gap for gap in gaps if gap is not None]
    return None if len(known) < len(gaps) else round(max(known, default=0.0), 3)


def _away(reads: list[Read]) -> float | None:
    """Return how long reads through one VIP failed or were stale, the longest time; they are in order of ``due``."""
    longest, began = 0.0, None
    for one in reads:
        good = one.ok and one.age <= FRESH_S
        if not good and began is None:
            began = one.due
        elif good and began is not None:
            longest, began = max(longest, one.t - began), None
    return longest if began is None else None
