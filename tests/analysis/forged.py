"""Forged histories: a power loss of the primary as it should go, and the harm that a test puts into it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from tuchanka.events import (
    Audited,
    Clock,
    CommitsCounted,
    Event,
    FaultInjected,
    Healthy,
    Journal,
    MachineStopped,
    NodeFacts,
    Read,
    RestoreStarted,
    RoleProbe,
    RunStarted,
    ServiceStable,
    Streaming,
    TrialEnded,
    TrialStarted,
    VipAnnounced,
    VipHolders,
    Write,
)

E = TypeVar("E", bound=Event)

INSTANCE, OLD, NEW, VIP = "krogan2", "tuchanka2a", "tuchanka2b", "krogan2s1"
INJECTED, BACK, STABLE, END = 105.02, 113.4, 118.5, 150.0
# The last beat that a reader saw before the outage, and the first that was acknowledged after it.
LAST_SEEN, FIRST_BACK = 45, 129
# A beat that no reader saw as the newest.
UNREAD = 21
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
    (2.61, "pacemaker-fenced", "notice: Requesting peer fencing (reboot) targeting tuchanka2a"),
    (
        2.62,
        "pacemaker-fenced",
        "notice: Waiting 5s for tuchanka2a to self-fence (reboot) for client x",
    ),
)


def noise(seq: int) -> float:
    """A latency that varies, and is the same on every run."""
    return 0.002 + (seq * 37 % 11) * 0.0007


def started(number: int = 1, **other: object) -> TrialStarted:
    base = TrialStarted(100.0, number, "tuchanka2", INSTANCE, "power-off", OLD, "primary", dict(PREDICTED))
    base = replace(base, instances={INSTANCE: [OLD, NEW]}, broken=[OLD])
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
        MachineStopped(INJECTED, OLD, "power-off"),
        VipAnnounced(INJECTED + 8.15, INSTANCE, INSTANCE, NEW),
        ServiceStable(STABLE, 1),
        CommitsCounted(119.0, 1, INSTANCE, NEW, 185, [[1, 45], [47, 47], [129, 200]]),
        RestoreStarted(122.0, 1, OLD),
        Healthy(140.0, 1, "tuchanka2"),
        audited(NEW, primary=(OLD, NEW)),
        audited(OLD, primary=(OLD, NEW)),
        TrialEnded(END, 1),
    ]
    return sorted(events, key=lambda event: event.t)


def facts(node: str, primary: str, timeline: int) -> dict[str, Any]:
    """What a node shows when all is well, as a history holds it; the primary left timeline 1 at byte 5000."""
    copy = {
        "in_recovery": node != primary,
        "timeline": timeline,
        "lsn": 4000 * timeline,
        "streaming": [one for one in (OLD, NEW) if one != node] if node == primary else [],
        "checksum_failures": 0,
        "rows": [300, "-4711"],
        "parents": {"1": 5000} if timeline > 1 else {},
        "archive": {"waiting": 1, "waiting_bytes": 16 << 20, "limit_bytes": 256 << 20},
    }
    if node == primary:
        copy["archive"] |= {"gaps": []}
    return {
        "watchdog": "armed",
        "boot": f"{node}-{timeline if node == OLD else 1}",
        "cores": [],
        "crashes": [],
        "daemons": {"corosync": [145], "pacemakerd": [158], "sbd": [141, 142, 143]},
        "quorum": {"quorate": True, "votes": 3, "expected": 3, "device": True},
        "fail_counts": {},
        "scores": {INSTANCE: 1001 if node == primary else 1000},
        "settings": {"options-fencing": "stonith-enabled=true", "order-1": "rsc_order first=krogan2-clone"},
        "instances": {INSTANCE: copy},
    }


def audited(node: str, primary: tuple[str, str]) -> Audited:
    """What a node showed; ``primary`` is the node with the role before and after."""
    before, after = primary
    found, was = facts(node, after, 1 if before == after else 2), facts(node, before, 1)
    return Audited(149.0, 1, node, NodeFacts.of(found), NodeFacts.of(was), power_log=True)


def beat(seq: int, due: float) -> list[Event]:
    """The events of one tick."""
    quick = due + noise(seq)
    away = INJECTED <= due < BACK - 0.05
    if not away:
        write = Write(quick, INSTANCE, seq, due, due, "acknowledged")
        newest = {UNREAD + 1: UNREAD - 1, FIRST_BACK: LAST_SEEN}.get(seq, seq - 1)
        read = Read(quick, INSTANCE, VIP, due, ok=True, seq=newest, age=0.1 + noise(seq), connection=1)
    else:
        late = due + 1.0
        outcome, error = (
            ("indeterminate", "no answer within the deadline") if seq <= 47 else ("refused", "connect: no answer")
        )
        write = Write(late, INSTANCE, seq, due, due, outcome, error)  # type: ignore[arg-type]
        read = Read(quick, INSTANCE, VIP, due, ok=True, seq=LAST_SEEN, age=due - 105.0, connection=1)
    old = "primary" if due < INJECTED else "unreachable" if due < 128 else "standby"
    new = "primary" if due > INJECTED + 7.9 else "standby"
    lsn = 100 * (seq if not away else 45)
    said = None if old == "unreachable" else lsn
    return [
        write,
        read,
        RoleProbe(quick if said else due + 1.0, INSTANCE, OLD, due, old, lsn=said),  # type: ignore[arg-type]
        RoleProbe(quick, INSTANCE, NEW, due, new, lsn=lsn),  # type: ignore[arg-type]
        *watched(seq, due, OLD if old == "primary" else NEW if new == "primary" else None, both=old != "unreachable"),
    ]


def watched(seq: int, due: float, primary: str | None, *, both: bool) -> list[Event]:
    """What is seen besides, twice a second: who holds the VIPs, and what the primary says of its standby."""
    if seq % 5:
        return []
    standby = NEW if primary == OLD else OLD
    reading = standby if both else primary or NEW
    events: list[Event] = [
        VipHolders(due + 0.001, INSTANCE, INSTANCE, due, [primary] if primary else []),
        VipHolders(due + 0.001, INSTANCE, VIP, due, [reading]),
    ]
    if primary:
        events.append(Streaming(due + 0.003, INSTANCE, primary, due, {standby: "streaming/async"} if both else {}))
    return events


def standby_fault() -> list[Event]:
    """A trial in which the standby was hit: no write was refused, reads failed for 2 s."""
    events: list[Event] = []
    for event in power_loss():
        if isinstance(event, Write):
            events.append(replace(event, t=event.due + 0.003, outcome="acknowledged", error=""))
        elif isinstance(event, RoleProbe):
            events.append(replace(event, role="primary" if event.node == OLD else "standby"))
        elif isinstance(event, Read):
            failed, again = INJECTED <= event.due < INJECTED + 2, event.due >= INJECTED + 2
            found = {"ok": False, "seq": 0, "age": 0.0, "connection": None} if failed else {"seq": 9, "age": 0.1}
            found |= {"t": event.due + 0.004, **({"connection": 2} if again else {})}
            events.append(replace(event, **found))
        elif isinstance(event, TrialStarted):
            events.append(started(target=NEW, target_role="standby", predicted={}, broken=[NEW]))
        elif isinstance(event, CommitsCounted):
            events.append(replace(event, node=OLD, ranges=[[1, 300]]))
        elif isinstance(event, Streaming | VipHolders):
            continue
        elif isinstance(event, MachineStopped):
            events.append(replace(event, node=NEW))
        elif isinstance(event, Audited):
            events.append(audited(event.node, primary=(OLD, OLD)))
        elif not isinstance(event, Journal | VipAnnounced):
            events.append(event)
    for seq, due in ((seq, 100.5 + seq / 10) for seq in range(1, 301)):
        events += watched(seq, due, OLD, both=not INJECTED <= due < 128)
    return sorted(events, key=lambda event: event.t)


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
