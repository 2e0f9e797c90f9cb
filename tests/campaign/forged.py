"""Forged histories: a power loss of the primary as it should go, and the harm that a test puts into it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tuchanka.events import (
    Clock,
    CommitsCounted,
    Event,
    FaultInjected,
    Healthy,
    Journal,
    Read,
    RestoreStarted,
    RoleProbe,
    RunStarted,
    ServiceStable,
    TrialEnded,
    TrialStarted,
    Write,
)

E = TypeVar("E", bound=Event)

INSTANCE, OLD, NEW, VIP = "krogan2", "tuchanka2a", "tuchanka2b", "krogan2s1"
INJECTED, BACK, STABLE, END = 105.02, 113.4, 118.5, 150.0
PREDICTED = {
    "detected": 1.0,
    "quorum decided": 1.2,
    "fenced": 5.5,
    "promoted": 0.5,
    "VIP up": 0.2,
    "first write": 0.1,
}
JOURNAL = (
    (1.03, "corosync", "[TOTEM ] A processor failed, forming new configuration: token timed out (1000ms)"),
    (1.31, "corosync", "[KNET  ] host: host: 1 has no active links"),
    (2.52, "corosync", "[QUORUM] Members[1]: 2"),
    (2.53, "pacemaker-controld", "notice: Quorum retained"),
    (
        7.41,
        "pacemaker-fenced",
        "notice: Self-fencing (reboot) by tuchanka2a for pacemaker-controld.812 assumed complete",
    ),
    (
        7.42,
        "pacemaker-fenced",
        "Operation 'reboot' targeting tuchanka2a by tuchanka2b for x@tuchanka2b: OK (complete)",
    ),
    (7.98, "pacemaker-controld", "notice: Result of promote operation for krogan2 on tuchanka2b: OK"),
    (8.21, "pacemaker-controld", "notice: Result of start operation for krogan2-vip on tuchanka2b: OK"),
)


def noise(seq: int) -> float:
    """A latency that varies, and is the same on every run."""
    return 0.002 + (seq * 37 % 11) * 0.0007


def started(number: int = 1, **other: object) -> TrialStarted:
    base = TrialStarted(100.0, number, "tuchanka2", INSTANCE, "power-off", OLD, "primary", dict(PREDICTED))
    return replace(base, **other)  # type: ignore[arg-type]


def power_loss() -> list[Event]:
    """One trial: writes away from 105.02 to 113.4 s, everything acknowledged found again, restored in 18 s."""
    events: list[Event] = [
        Clock(99.9, 1_700_000_000.0),
        RunStarted(99.95, "forged", "fast", "fake", 4, {"PostgreSQL": "17.6", "Pacemaker": "3.0.0", "PAF": "2.3.0"}),
        started(),
    ]
    events += [one for seq in range(1, 301) for one in beat(seq, 100.5 + seq / 10)]
    events += [
        FaultInjected(INJECTED, 1, "power-off", OLD),
        *(Journal(INJECTED + after, NEW, unit, message) for after, unit, message in JOURNAL),
        ServiceStable(STABLE, 1),
        CommitsCounted(119.0, 1, INSTANCE, NEW, 185, [[1, 45], [47, 47], [129, 200]]),
        RestoreStarted(122.0, 1, OLD),
        Healthy(140.0, 1, "tuchanka2"),
        TrialEnded(END, 1),
    ]
    return sorted(events, key=lambda event: event.t)


def beat(seq: int, due: float) -> list[Event]:
    """The events of one tick."""
    quick = due + noise(seq)
    away = INJECTED <= due < BACK - 0.05
    if not away:
        write = Write(quick, INSTANCE, seq, due, due, "acknowledged")
        read = Read(quick, INSTANCE, VIP, due, ok=True, seq=seq - 1, age=0.1 + noise(seq))
    else:
        late = due + 1.0
        outcome, error = (
            ("indeterminate", "no answer within the deadline") if seq <= 47 else ("refused", "connect: no answer")
        )
        write = Write(late, INSTANCE, seq, due, due, outcome, error)  # type: ignore[arg-type]
        read = Read(quick, INSTANCE, VIP, due, ok=True, seq=45, age=due - 105.0)
    old = "primary" if due < INJECTED else "unreachable" if due < 135 else "standby"
    new = "primary" if due > INJECTED + 7.9 else "standby"
    return [
        write,
        read,
        RoleProbe(quick if old != "unreachable" else due + 1.0, INSTANCE, OLD, due, old),  # type: ignore[arg-type]
        RoleProbe(quick, INSTANCE, NEW, due, new),  # type: ignore[arg-type]
    ]


def standby_fault() -> list[Event]:
    """A trial in which the standby was hit: no write was refused, reads failed for 2 s."""
    events = []
    for event in power_loss():
        if isinstance(event, Write):
            events.append(replace(event, t=event.due + 0.003, outcome="acknowledged", error=""))
        elif isinstance(event, RoleProbe):
            other: Event = replace(event, role="primary" if event.node == OLD else "standby")
            events.append(other)  # type: ignore[arg-type]
        elif isinstance(event, Read):
            failed = INJECTED <= event.due < INJECTED + 2
            events.append(
                replace(event, t=event.due + 0.004, ok=not failed, seq=0 if failed else 9, age=0.0 if failed else 0.1)  # type: ignore[arg-type]
            )
        elif isinstance(event, TrialStarted):
            events.append(started(target=NEW, target_role="standby", predicted={}))  # type: ignore[arg-type]
        elif isinstance(event, CommitsCounted):
            events.append(replace(event, node=OLD, ranges=[[1, 300]]))  # type: ignore[arg-type]
        elif not isinstance(event, Journal):
            events.append(event)  # type: ignore[arg-type]
    return list(events)


def change(events: list[Event], kind: type[E], how: Callable[[E], Event | None]) -> list[Event]:
    """Replace every event of a kind by what ``how`` makes of it; None leaves it out."""
    changed = [how(event) if isinstance(event, kind) else event for event in events]
    return [event for event in changed if event is not None]


def renumber(events: list[Event], trial: int, later: float) -> list[Event]:
    """The same again as another trial, ``later`` seconds later."""
    moved = []
    for event in events:
        shifted = replace(event, t=event.t + later)
        if hasattr(shifted, "due"):
            shifted = replace(shifted, due=shifted.due + later)  # type: ignore[call-arg]
        if hasattr(shifted, "trial"):
            shifted = replace(shifted, trial=trial)  # type: ignore[call-arg]
        moved.append(shifted)
    return moved
