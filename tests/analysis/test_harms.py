"""Every kind of harm, forged into a history: the check that is there for it is violated, and no other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.forged import (
    INJECTED,
    INSTANCE,
    LAST_SEEN,
    NEW,
    OLD,
    UNREAD,
    VIP,
    change,
    power_loss,
    standby_fault,
)
from tuchanka.analysis.checks.catalogue import EXAMINERS, Examiner
from tuchanka.analysis.checks.outcome import CheckResult, PromiseOutcome
from tuchanka.analysis.trial_record import trial_records
from tuchanka.analysis.verdict import judge_trial
from tuchanka.events import (
    Audited,
    CommitsCounted,
    Event,
    Healthy,
    MachineStopped,
    NodeFacts,
    Read,
    RoleProbe,
    ServiceStable,
    Streaming,
    TrialStarted,
    VipHolders,
    Write,
)

THIRD, OTHER = "tuchanka2c", "krogan9"
OF_INSTANCE = (Write, Read, RoleProbe, Streaming, VipHolders, CommitsCounted)
ALL = {one.name: one.promise for one in EXAMINERS}
Mutate = Callable[[list[Event]], list[Event]]


def promising(events: list[Event]) -> list[Event]:
    """Promise everything that can be promised."""
    return change(events, TrialStarted, lambda event: replace(event, promises=ALL))


def with_third(events: list[Event], ahead: int = 0) -> list[Event]:
    """Add a second standby that had received ``ahead`` bytes of log more when the new primary was promoted."""
    probes = [
        replace(
            event, node=THIRD, role="standby", lsn=(event.lsn or 0) + ahead, due=event.due - 0.05, t=event.t - 0.05
        )
        for event in events
        if isinstance(event, RoleProbe) and event.node == NEW
    ]
    return [*events, *probes]


def checks(events: list[Event], examiners: tuple[Examiner, ...] = EXAMINERS) -> dict[str, CheckResult]:
    (trial,) = trial_records(events)
    return {check.name: check for check in judge_trial(trial, examiners=examiners).checks}


def outcomes(events: list[Event], outcome: PromiseOutcome) -> set[str]:
    return {name for name, check in checks(events).items() if check.outcome == outcome}


def swap(kind: type[Any], how: Callable[[Any], Event | None]) -> Mutate:
    return lambda events: change(events, kind, how)


def at(place: str, *path: str, **values: object) -> Mutate:
    """Put values into what a node showed after the trial: the ``primary`` of then, or its ``standby``."""

    def changed(facts: dict[str, Any], left: tuple[str, ...]) -> dict[str, Any]:
        if not left:
            return facts | values
        return facts | {left[0]: changed(facts[left[0]], left[1:])}

    def audit(event: Audited, node: str) -> Audited:
        return (
            replace(event, found=NodeFacts.of(changed(event.found.encoded(), path))) if event.node == node else event
        )

    def mutate(events: list[Event]) -> list[Event]:
        new = any(isinstance(event, MachineStopped) and event.node == OLD for event in events)
        primary, standby = (NEW, OLD) if new else (OLD, NEW)
        return change(events, Audited, lambda event: audit(event, primary if place == "primary" else standby))

    return mutate


def unfound(*seqs: int, instance: str = INSTANCE) -> Mutate:
    """Take rows out of what was counted."""

    def without(event: CommitsCounted) -> CommitsCounted:
        ranges = event.ranges
        for seq in seqs:
            pieces = [(low, high) for low, high in ranges if not low <= seq <= high]
            pieces += [
                piece for low, high in ranges if low <= seq <= high for piece in ((low, seq - 1), (seq + 1, high))
            ]
            ranges = [[low, high] for low, high in sorted(pieces) if low <= high]
        return replace(event, ranges=ranges) if event.instance == instance else event

    return swap(CommitsCounted, without)


def still_primary(probe: RoleProbe) -> RoleProbe:
    """Let the old primary answer until half a second after the new one has begun."""
    on = probe.node == OLD and INJECTED <= probe.due < INJECTED + 8.5
    return replace(probe, t=probe.due + 0.003, role="primary", lsn=4500) if on else probe


def for_a_moment(probe: RoleProbe) -> RoleProbe:
    """Let the standby say once, before the fault, that it is a primary."""
    hit = probe.node == NEW and abs(probe.due - 103.0) < 0.01
    return replace(probe, role="primary") if hit else probe


def shown_once(read: Read) -> Read:
    """Let one read before the fault show an older row than the ones before it."""
    return replace(read, seq=4) if abs(read.due - 104.0) < 0.01 else read


def after(t: float, how: Callable[[Any], Event]) -> Callable[[Any], Event]:
    """Change what was due after ``t``."""
    return lambda event: how(event) if event.due > t else event


def with_another(base: Callable[[], list[Event]] = power_loss) -> list[Event]:
    """The same cluster keeps a second instance, to which the same happened."""

    def both(facts: NodeFacts) -> NodeFacts:
        shown = facts.encoded()
        two = {key: dict.fromkeys((INSTANCE, OTHER), shown[key][INSTANCE]) for key in ("instances", "scores")}
        return NodeFacts.of(shown | two)

    events = promising(base())
    theirs = [replace(one, instance=OTHER) for one in events if isinstance(one, OF_INSTANCE)]
    events = change(
        events, TrialStarted, lambda e: replace(e, instances={name: [OLD, NEW] for name in (INSTANCE, OTHER)})
    )
    events = change(events, Audited, lambda e: replace(e, found=both(e.found), before=both(e.before)))
    return [*events, *theirs]


def standby_with_another() -> list[Event]:
    return with_another(standby_fault)


Base = Callable[[], list[Event]]
FAILOVER: tuple[Base, ...] = (power_loss,)
IN_PLACE: tuple[Base, ...] = (standby_fault,)
EITHER: tuple[Base, ...] = (power_loss, standby_fault)


@dataclass(frozen=True)
class Harm:
    """What happens, which checks notice, and the histories to which it can be done.

    Of harms to the same ``matter`` the one may undo what the other needs.
    """

    what: str
    notices: str | tuple[str, ...]
    mutate: Mutate
    bases: tuple[Base, ...] = EITHER
    matter: str = ""

    @property
    def checks(self) -> set[str]:
        return {self.notices} if isinstance(self.notices, str) else set(self.notices)

    def done(self, base: Base | None = None) -> list[Event]:
        return self.mutate(promising((base or self.bases[0])()))


AUDIT = (
    *("rows", "checksums", "timelines", "replication", "fail counts", "constraints", "scores", "crashes"),
    *("daemons", "quorum", "watchdog"),
)
HARMS = (
    Harm(
        "writes stay away",
        ("writes", "reads"),
        swap(Write, after(INJECTED, lambda e: replace(e, outcome="indeterminate"))),
        matter="writes",
    ),
    Harm(
        "writes away at the end",
        "writes",
        swap(Write, after(129, lambda e: replace(e, outcome="indeterminate"))),
        matter="writes",
    ),
    Harm("reads stay stale", "reads", swap(Read, after(INJECTED, lambda e: replace(e, age=9.0)))),
    Harm("two primaries", ("one primary", "margin"), swap(RoleProbe, still_primary), FAILOVER, "roles"),
    Harm("two primaries for a moment", "one primary", swap(RoleProbe, for_a_moment), matter="roles"),
    Harm(
        "the old one's machine ran on",
        "margin",
        swap(MachineStopped, lambda e: replace(e, t=INJECTED + 9.0)),
        FAILOVER,
        "roles",
    ),
    Harm(
        "a VIP on two nodes",
        "VIPs",
        swap(VipHolders, lambda e: replace(e, nodes=[OLD, NEW]) if 120 < e.due < 122 else e),
    ),
    Harm(
        "a VIP on an unknown machine, too",
        "VIPs",
        swap(
            VipHolders, lambda e: replace(e, nodes=["5a:00:00:00:00:01", NEW]) if e.vip == VIP and e.due > 115 else e
        ),
    ),
    Harm("a commit lost", "commits", unfound(UNREAD), FAILOVER, "writes"),
    Harm("a commit lost in place", ("commits", "commits in place"), unfound(UNREAD), IN_PLACE, "writes"),
    Harm(
        "a commit of another instance lost in place",
        "commits in place",
        unfound(UNREAD, instance=OTHER),
        (standby_with_another,),
    ),
    Harm(
        "a refused commit is there",
        "refused commits",
        swap(CommitsCounted, lambda e: replace(e, ranges=[*e.ranges, [60, 60]])),
        FAILOVER,
        "writes",
    ),
    Harm(
        "a row was read that nobody has",
        "reads stay",
        # Beat 46 was never answered, and isn't there.
        swap(Read, lambda e: replace(e, seq=46) if e.seq == LAST_SEEN and e.due > INJECTED else e),
        FAILOVER,
    ),
    Harm("a read that goes back", "reads in order", swap(Read, shown_once)),
    Harm("the lagging one promoted", "most advanced", lambda events: with_third(events, ahead=24), FAILOVER, "roles"),
    Harm("rows differ in number", "rows", at("standby", "instances", INSTANCE, rows=[299, "-4711"])),
    Harm("rows differ in value", "rows", at("standby", "instances", INSTANCE, rows=[300, "4711"])),
    Harm("a wrong checksum", "checksums", at("primary", "instances", INSTANCE, checksum_failures=1)),
    Harm("another timeline", "timelines", at("standby", "instances", INSTANCE, timeline=7), matter="timelines"),
    Harm(
        "a timeline that does not descend from the last",
        "timelines",
        at("primary", "instances", INSTANCE, parents={}),
        FAILOVER,
        "timelines",
    ),
    Harm(
        "a timeline that left too early",
        "timelines",
        at("primary", "instances", INSTANCE, parents={"1": 3999}),
        FAILOVER,
        "timelines",
    ),
    Harm("a standby is missing", "redundancy", swap(Streaming, after(INJECTED, lambda e: replace(e, standbys={})))),
    Harm(
        "a standby never catches up",
        "redundancy",
        swap(Streaming, after(INJECTED, lambda e: replace(e, standbys=dict.fromkeys(e.standbys, "catchup/async")))),
    ),
    Harm("a standby without the last commits", "replication", at("standby", "instances", INSTANCE, lsn=3999)),
    Harm("a standby that does not stream", "replication", at("primary", "instances", INSTANCE, streaming=[])),
    Harm(
        "two primaries in the end",
        ("replication", "scores"),
        at("standby", "instances", INSTANCE, in_recovery=False),
        FAILOVER,
        "primary at the end",
    ),
    Harm("not healthy", "healthy", swap(Healthy, lambda _: None)),
    Harm("a failure still counted", "fail counts", at("primary", fail_counts={INSTANCE: "1"})),
    Harm(
        "a constraint left behind", "constraints", at("primary", "settings", **{"cli-ban-1": "rsc_location node=b"})
    ),
    Harm("a setting gone", "constraints", at("primary", settings={"options-fencing": "stonith-enabled=true"})),
    Harm(
        "a setting changed", "constraints", at("primary", "settings", **{"options-fencing": "stonith-enabled=false"})
    ),
    Harm("a standby that can't be promoted", "scores", at("standby", scores={INSTANCE: -1000})),
    Harm("a standby without a score", "scores", at("standby", scores={INSTANCE: None})),
    Harm("a primary below its standby", "scores", at("primary", scores={INSTANCE: 900}), matter="primary at the end"),
    Harm("a core dump", "crashes", at("primary", cores=["/var/lib/corosync/core.145"])),
    Harm(
        "a crash",
        "crashes",
        at("primary", crashes=["postgres-krogan2: was terminated by signal 11: Segmentation fault"]),
    ),
    Harm("a daemon restarted", "daemons", at("primary", "daemons", corosync=[999])),
    Harm("a daemon gone", "daemons", at("primary", daemons={"corosync": [145], "pacemakerd": [158]})),
    Harm("another node fenced", "daemons", at("primary", boot="another")),
    Harm("a vote missing", "quorum", at("standby", "quorum", votes=2)),
    Harm("no vote of the quorum device", "quorum", at("standby", "quorum", device=False)),
    Harm("no quorum", "quorum", at("standby", "quorum", quorate=False)),
    Harm("a watchdog asleep", "watchdog", at("standby", watchdog="disarmed")),
)
# What can't be known is no pass either. Each leaves out what a check needs.
UNKNOWN = (
    Harm("never stable", "stable", swap(ServiceStable, lambda _: None)),
    Harm("a blind recorder", "recorder", swap(Write, lambda e: None if 107 < e.due < 110 else e)),
    Harm("no roles", ("one primary", "margin", "most advanced"), swap(RoleProbe, lambda _: None)),
    Harm("a silent end", "margin", swap(MachineStopped, lambda _: None)),
    Harm("no answer for the VIPs", "VIPs", swap(VipHolders, lambda e: replace(e, nodes=[]))),
    Harm(
        "nobody counted",
        ("commits", "commits in place", "refused commits", "reads stay"),
        swap(CommitsCounted, lambda _: None),
    ),
    Harm(
        "nobody counted the other instance",
        ("commits in place", "refused commits"),
        swap(CommitsCounted, lambda e: None if e.instance == OTHER else e),
        (with_another,),
    ),
    Harm("nothing read", ("reads stay", "reads in order"), swap(Read, lambda _: None)),
    Harm("connections without a number", "reads in order", swap(Read, lambda e: replace(e, connection=None))),
    Harm("no log positions", "most advanced", swap(RoleProbe, lambda e: replace(e, lsn=None))),
    Harm("no standbys asked for", "redundancy", swap(Streaming, lambda _: None)),
    Harm("no audit", AUDIT, swap(Audited, lambda _: None)),
    Harm(
        "a node that did not answer",
        AUDIT,
        swap(Audited, lambda e: replace(e, found=NodeFacts()) if e.node == OLD else e),
    ),
    Harm(
        "no answer of PostgreSQL",
        ("rows", "checksums", "timelines", "replication", "scores"),
        at("standby", instances={}),
    ),
)
DRAWN = [(harm, base) for harm in HARMS for base in harm.bases]


@pytest.mark.parametrize("base", [*EITHER, with_another, standby_with_another, lambda: with_third(power_loss())])
def test_every_promise_is_kept_where_no_harm_was_done(base: Base) -> None:
    assert outcomes(promising(base()), "kept") == set(ALL)


@pytest.mark.parametrize(("harm", "base"), DRAWN, ids=[f"{harm.what}, {base.__name__}" for harm, base in DRAWN])
def test_no_harm_goes_unnoticed_and_none_is_taken_for_another(harm: Harm, base: Base) -> None:
    events = harm.done(base)
    assert outcomes(events, "violated") == harm.checks
    # Between two primaries at once there is no time at which to compare the standbys.
    blind = {"most advanced"} if {"one primary", "margin"} <= harm.checks else set()
    assert outcomes(events, "not checked") == blind
    (trial,) = trial_records(events)
    verdict = judge_trial(trial)
    assert not verdict.recovered
    assert all(check.detail in verdict.problem for check in verdict.checks if check.outcome == "violated")


@pytest.mark.parametrize("harm", UNKNOWN, ids=lambda harm: harm.what)
def test_what_could_not_be_checked_is_no_pass(harm: Harm) -> None:
    events = harm.done()
    assert outcomes(events, "not checked") == harm.checks
    assert outcomes(events, "violated") == set()
    (trial,) = trial_records(events)
    assert not judge_trial(trial).recovered


def test_every_check_is_violated_by_a_harm_or_can_be_left_unmade() -> None:
    assert {name for harm in HARMS for name in harm.checks} == set(ALL) - {"stable", "recorder"}
    assert {name for harm in UNKNOWN for name in harm.checks} == set(ALL) - {"writes", "reads", "healthy"}


@pytest.mark.parametrize("name", ALL)
def test_without_a_check_some_harm_would_pass(name: str) -> None:
    """Mutate the checker: with the check taken out, there is a harm that nobody notices any more."""
    others = tuple(one for one in EXAMINERS if one.name != name)
    alone = [harm for harm in (*HARMS, *UNKNOWN) if harm.checks == {name}]
    assert any(all(one.outcome == "kept" for one in checks(harm.done(), others).values()) for harm in alone)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_harms_do_not_hide_each_other(data: st.DataObject) -> None:
    base = data.draw(st.sampled_from(EITHER))
    possible = [harm for harm in HARMS if base in harm.bases]
    # Two harms to one matter, or that the same check notices, may undo each other.
    apart = st.lists(
        st.sampled_from(possible),
        min_size=2,
        max_size=5,
        unique_by=(lambda harm: harm.matter or harm.what, lambda harm: min(harm.checks)),
    )
    harms = data.draw(apart)
    events = promising(base())
    for harm in harms:
        before, events = events, harm.mutate(events)
        assert events != before
    assert outcomes(events, "violated") == {name for harm in harms for name in harm.checks}


@pytest.mark.parametrize(
    ("mutate", "violated"),
    [
        (swap(RoleProbe, lambda e: still_primary(e) if e.instance == OTHER else e), {"one primary", "margin"}),
        (swap(VipHolders, lambda e: replace(e, nodes=[OLD, NEW]) if e.instance == OTHER else e), {"VIPs"}),
        (
            swap(CommitsCounted, lambda e: replace(e, ranges=[[1, 200]]) if e.instance == OTHER else e),
            {"refused commits"},
        ),
        (at("standby", "instances", OTHER, rows=[1, "1"]), {"rows"}),
    ],
)
def test_harm_to_another_instance_of_the_cluster_counts(mutate: Mutate, violated: set[str]) -> None:
    assert outcomes(with_another(), "kept") == set(ALL)
    assert outcomes(mutate(with_another()), "violated") == violated


def test_another_instance_that_nobody_watched_is_not_checked() -> None:
    alone = [one for one in with_another() if getattr(one, "instance", "") != OTHER]
    assert outcomes(alone, "not checked") == {
        *("one primary", "margin", "VIPs", "commits in place", "refused commits", "most advanced", "redundancy")
    }


def test_a_trial_checks_what_it_promised_and_nothing_else() -> None:
    some = change(power_loss(), TrialStarted, lambda e: replace(e, promises={"VIPs": "one address, one place"}))
    assert list(checks(some).values()) == [CheckResult("VIPs", "one address, one place", "kept")]
    assert "commits" not in checks(power_loss())


def test_one_answer_of_two_nodes_to_one_request_is_a_move() -> None:
    once = change(power_loss(), VipHolders, lambda e: replace(e, nodes=[OLD, NEW]) if e.due == 120.0 else e)
    assert outcomes(once, "violated") == set()
