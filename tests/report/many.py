"""A forged campaign: many trials over several clusters and faults, some of which go wrong. The same on every run."""

import random
from collections.abc import Iterator
from itertools import cycle, islice, product

from tuchanka.events import (
    Clock,
    CommitsCounted,
    Event,
    FaultHealed,
    FaultInjected,
    Healthy,
    Journal,
    Read,
    RestoreStarted,
    RoleProbe,
    RunStarted,
    ServiceStable,
    Streaming,
    TrialEnded,
    TrialStarted,
    VipHolders,
    Write,
)

CLUSTERS = {"tuchanka1": ("krogan1a", "ab"), "tuchanka2": ("krogan2", "ab"), "tuchanka4": ("krogan4", "abcd")}
# fault → the usual reaction to it on a primary; 0: nobody notices
FAULTS = {
    "power-off": 8.3,
    "reset": 8.2,
    "unlink": 8.6,
    "shut-down": 2.4,
    "kill-postgres": 2.1,
    "freeze-postgres": 13.0,
    "freeze-sbd": 10.5,
    "freeze-corosync": 9.4,
    "fork-bomb": 21.0,
    "data-disk-full": 17.0,
    "switchover": 1.8,
    "witness-cut": 0.0,
}
PHASES = {
    "detected": 0.12,
    "quorum decided": 0.14,
    "fenced": 0.58,
    "promoted": 0.1,
    "VIP up": 0.04,
    "first write": 0.02,
}
ROOM_S = 60.0


def campaign(trials: int, *, profile: str = "fast", factor: float = 1.0, seed: int = 7) -> Iterator[Event]:
    """Every fault on every cluster, the primary twice as often as the standby, one after the other."""
    chance = random.Random(seed)
    yield Clock(0.0, 1_795_000_000.0)
    yield RunStarted(
        0.0,
        "forged",
        profile,
        "fake",
        4,
        {"tuchanka": "0.1.0", "postgresql-17": "17.12", "pacemaker": "3.0.0-2", "sbd": "1.5.2-5"},
        8 * 2**30,
        f"tuchanka test --rounds 9 --seed {seed}",
    )
    kinds = cycle(product(("primary", "standby", "primary"), FAULTS, CLUSTERS))
    for number, (role, fault, cluster) in enumerate(islice(kinds, trials), 1):
        usual = FAULTS[fault] * factor if role == "primary" else 0.0
        reaction = usual * chance.uniform(0.85, 1.2) if usual else 0.0
        yield from one_trial(chance, number, cluster, fault, role, reaction)


def one_trial(
    chance: random.Random, number: int, cluster: str, fault: str, role: str, reaction: float
) -> Iterator[Event]:
    instance, letters = CLUSTERS[cluster]
    nodes = [f"{cluster}{letter}" for letter in letters]
    old, new = nodes[0], nodes[1]
    target = old if role == "primary" else new
    begin = number * ROOM_S
    zero = begin + 4.0
    stable = zero + reaction + 3.5
    predicted = {name: part * FAULTS[fault] for name, part in PHASES.items()} if reaction else {}
    never = chance.random() < 0.01 and reaction > 0
    yield TrialStarted(begin, number, cluster, instance, fault, target, role, predicted)
    yield FaultInjected(zero, number, fault, target)
    found: list[list[int]] = []
    for seq in range(1, int((reaction + 14) * 10)):
        due = begin + seq / 10
        away = reaction > 0 and zero <= due and (never or due < zero + reaction)
        quick = due + chance.uniform(0.002, 0.02)
        if away:
            outcome = "indeterminate" if due < zero + 0.2 else "refused"
            yield Write(due + 1.0, instance, seq, due, due, outcome, "connect: no answer")  # type: ignore[arg-type]
        else:
            yield Write(quick, instance, seq, due, due, "acknowledged")
            found.append([seq, seq])
        old_seq = int((zero - begin) * 10) - 1
        broken = role == "standby" and zero <= due < zero + 1.5
        age = due - zero + 0.1 if away else 0.1
        yield Read(quick, instance, f"{instance}s1", due, not broken, old_seq if away else seq - 1, age)
        for node in nodes:
            role_now = "standby"
            if node == old and (reaction == 0 or due < zero):
                role_now = "primary"
            elif node == new and reaction and due > zero + reaction * 0.9 and not never:
                role_now = "primary"
            if node == target and due >= zero:
                role_now = "unreachable"
            yield RoleProbe(quick, instance, node, due, role_now)  # type: ignore[arg-type]
        if seq % 5 == 0:
            holder = [] if away else [new if reaction and due >= zero else old]
            yield VipHolders(quick, instance, instance, due, holder)
        if seq % 10 == 0 and not away:
            standbys = [one for one in nodes[1:] if due < zero or one != new]
            yield Streaming(quick, instance, old, due, dict.fromkeys(standbys, "streaming/sync"))
    reached = 0.0
    if reaction:
        for phase, line in LINES.items():
            reached += PHASES[phase] * reaction
            unit, message = line
            yield Journal(zero + reached, new, unit, message.replace("OLD", old).replace("INSTANCE", instance))
    if not never:
        yield ServiceStable(stable, number)
    if chance.random() < 0.03 and cluster == "tuchanka1":
        found = found[:30] + found[33:]
    yield CommitsCounted(stable + 0.5, number, instance, new, 10_000, found)
    yield FaultHealed(stable + 1, number, fault, target)
    yield RestoreStarted(stable + 2, number, target)
    if not never:
        yield Healthy(stable + 12, number, cluster)
    yield TrialEnded(stable + 14, number, "the service's return: not within 180 s" if never else "")


LINES = {
    "detected": ("corosync", "[TOTEM ] A processor failed, forming new configuration: token timed out (1000ms)"),
    "quorum decided": ("corosync", "[QUORUM] Members[1]: 2"),
    "fenced": ("pacemaker-fenced", "Operation 'reboot' targeting OLD by x for y@x: OK (complete)"),
    "promoted": ("pacemaker-controld", "notice: Result of promote operation for INSTANCE on b: OK"),
    "VIP up": ("pacemaker-controld", "notice: Result of start operation for INSTANCE-vip on b: OK"),
}
