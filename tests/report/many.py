"""A forged campaign: the trials of ``tests.analysis.forged`` again and again, as other faults on other clusters."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice, product

from tests.analysis.forged import BACK, INJECTED, power_loss, renumber, standby_fault
from tuchanka.events import CommitsCounted, Event, RunStarted, TrialEnded, TrialStarted, from_json, to_json

CLUSTERS = ("tuchanka1", "tuchanka2", "tuchanka4")
# fault → the usual reaction to it, in seconds
FAULTS = {
    "power-off": 8.3,
    "reset": 8.2,
    "unlink": 8.6,
    "shut-down": 2.4,
    "kill-postgres": 2.1,
    "freeze-postgres": 13.0,
    "freeze-sbd": 10.5,
    "freeze-corosync": 9.4,
    "freeze-pacemakerd": 9.9,
    "fork-bomb": 21.0,
    "data-disk-full": 17.0,
    "switchover": 1.8,
}
VARIED = (1.0, 0.93, 1.08, 0.97, 1.21, 0.9, 1.02)
ROOM_S = 120.0


def campaign(trials: int, *, profile: str = "fast", slower: float = 1.0) -> Iterator[Event]:
    """Every fault on every cluster, the primary twice as often as the standby; one trial in fifty fails."""
    lost, unnoticed = power_loss(), standby_fault()
    for event in lost[:2]:
        yield replace(event, profile=profile, command="tuchanka test") if isinstance(event, RunStarted) else event
    kinds = cycle(product(("primary", "standby", "primary"), FAULTS, CLUSTERS))
    for number, (role, fault, cluster) in enumerate(islice(kinds, trials), 1):
        usual = FAULTS[fault] * slower * VARIED[number * 3 % 7] * (1 + number % 5 / 50)
        factor = usual / (BACK - INJECTED)
        events = [stretched(one, factor) for one in lost[2:]] if role == "primary" else unnoticed[2:]
        for event in renumber(events, number, number * ROOM_S):
            yield renamed(harmed(event, number), fault, cluster)


def stretched(event: Event, factor: float) -> Event:
    """The same with another reaction: the time from the fault to the first write goes by slower or faster."""

    def at(t: float) -> float:
        return t if t < INJECTED else INJECTED + min(t, BACK) * factor - INJECTED * factor + max(t - BACK, 0.0)

    moved = replace(event, t=at(event.t))
    for name in ("due", "sent"):
        if hasattr(event, name):
            moved = replace(moved, **{name: at(getattr(event, name))})
    if isinstance(moved, TrialStarted):
        moved = replace(moved, predicted={name: one * factor for name, one in moved.predicted.items()})
    return moved


def harmed(event: Event, number: int) -> Event:
    """Now and then a trial fails, or commits are lost."""
    if isinstance(event, TrialEnded) and number % 50 == 7:
        return replace(event, problem="tuchanka2: not healthy within 300 s; see its evidence")
    if isinstance(event, CommitsCounted) and number % 40 == 3:
        return replace(event, ranges=[[1, 40], *event.ranges[1:]])
    return event


def renamed(event: Event, fault: str, cluster: str) -> Event:
    line = to_json(event).replace("tuchanka2", cluster).replace("krogan2", cluster.replace("tuchanka", "krogan"))
    return from_json(line.replace("power-off", fault))
