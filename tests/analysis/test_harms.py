"""Every kind of harm, forged into a history: the check that is there for it is broken by it, and no other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.forged import (
    INJECTED,
    INSTANCE,
    NEW,
    OLD,
    VIP,
    change,
    power_loss,
    standby_fault,
)
from tuchanka.analysis.checks.catalogue import EXAMINERS, Examiner
from tuchanka.analysis.checks.outcome import Check
from tuchanka.analysis.trial_record import slice_trials
from tuchanka.analysis.verdict import judge_trial
from tuchanka.events import (
    Audited,
    CommitsCounted,
    Event,
    Healthy,
    MachineStopped,
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


def checks(events: list[Event], examiners: tuple[Examiner, ...] = EXAMINERS) -> dict[str, Check]:
    (trial,) = slice_trials(events)
    return {check.name: check for check in judge_trial(trial, examiners).checks}


def outcomes(events: list[Event], outcome: str) -> set[str]:
    return {name for name, check in checks(events).items() if check.outcome == outcome}


def swap(kind: type[Any], how: Callable[[Any], Event | None]) -> Mutate:
    return lambda events: change(events, kind, how)


def at(node: str, *path: str, **values: object) -> Mutate:
    """Put values into what a node showed after the trial."""

    def changed(facts: dict[str, Any], left: tuple[str, ...]) -> dict[str, Any]:
        if not left:
            return facts | values
        return facts | {left[0]: changed(facts[left[0]], left[1:])}

    def audit(event: Audited) -> Audited:
        return replace(event, found=changed(event.found, path)) if event.node == node else event

    return swap(Audited, audit)


def still_primary(probe: RoleProbe) -> RoleProbe:
    """Let the old primary answer until half a second after the new one has begun."""
    on = probe.node == OLD and INJECTED <= probe.due < INJECTED + 8.5
    return replace(probe, t=probe.due + 0.003, role="primary", lsn=4500) if on else probe


def after(t: float, how: Callable[[Any], Event]) -> Callable[[Any], Event]:
    """Change what was due after ``t``."""
    return lambda event: how(event) if event.due > t else event


@dataclass(frozen=True)
class Harm:
    """What happens, which checks notice, and to which history it is done."""

    what: str
    notices: str | tuple[str, ...]
    mutate: Mutate
    base: Callable[[], list[Event]] = power_loss

    @property
    def checks(self) -> set[str]:
        return {self.notices} if isinstance(self.notices, str) else set(self.notices)

    def done(self) -> list[Event]:
        return self.mutate(promising(self.base()))


AUDIT = (
    *("rows", "checksums", "timelines", "replication", "fail counts", "constraints", "scores", "crashes"),
    *("daemons", "quorum", "watchdog"),
)
HARMS = (
    Harm(
        "writes stay away",
        ("writes", "reads"),
        swap(Write, after(INJECTED, lambda e: replace(e, outcome="indeterminate"))),
    ),
    Harm("writes away at the end", "writes", swap(Write, after(129, lambda e: replace(e, outcome="indeterminate")))),
    Harm("reads stay stale", "reads", swap(Read, after(INJECTED, lambda e: replace(e, age=9.0)))),
    Harm("two primaries", ("one primary", "margin"), swap(RoleProbe, still_primary)),
    Harm("the old one's machine ran on", "margin", swap(MachineStopped, lambda e: replace(e, t=INJECTED + 9.0))),
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
    Harm(
        "a commit lost",
        "commits",
        swap(CommitsCounted, lambda e: replace(e, ranges=[[1, 20], [22, 45], [47, 47], [129, 200]])),
    ),
    Harm(
        "a commit lost in place",
        ("commits", "commits in place"),
        swap(CommitsCounted, lambda e: replace(e, ranges=[[1, 20], [22, 300]])),
        standby_fault,
    ),
    Harm(
        "a refused commit is there", "refused commits", swap(CommitsCounted, lambda e: replace(e, ranges=[[1, 200]]))
    ),
    Harm("the lagging one promoted", "most advanced", lambda events: with_third(events, ahead=24)),
    Harm("rows differ in number", "rows", at(OLD, "instances", INSTANCE, rows=[299, "-4711"])),
    Harm("rows differ in value", "rows", at(OLD, "instances", INSTANCE, rows=[300, "4711"])),
    Harm("a wrong checksum", "checksums", at(NEW, "instances", INSTANCE, checksum_failures=1)),
    Harm("another timeline", "timelines", at(OLD, "instances", INSTANCE, timeline=1)),
    Harm("a timeline of strangers", "timelines", at(NEW, "instances", INSTANCE, parents={})),
    Harm("a timeline that left too early", "timelines", at(NEW, "instances", INSTANCE, parents={"1": 3999})),
    Harm("a standby is missing", "redundancy", swap(Streaming, after(INJECTED, lambda e: replace(e, standbys={})))),
    Harm(
        "a standby catches up for ever",
        "redundancy",
        swap(Streaming, after(INJECTED, lambda e: replace(e, standbys={OLD: "catchup/async"}))),
    ),
    Harm("a standby without the last commits", "replication", at(OLD, "instances", INSTANCE, lsn=7999)),
    Harm("a standby that does not stream", "replication", at(NEW, "instances", INSTANCE, streaming=[])),
    Harm("two primaries in the end", ("replication", "scores"), at(OLD, "instances", INSTANCE, in_recovery=False)),
    Harm("not healthy", "healthy", swap(Healthy, lambda _: None)),
    Harm("a failure still counted", "fail counts", at(NEW, fail_counts={INSTANCE: "1"})),
    Harm("a constraint left behind", "constraints", at(NEW, "settings", **{"cli-ban-1": "rsc_location node=b"})),
    Harm("a setting gone", "constraints", at(NEW, settings={"options-fencing": "stonith-enabled=true"})),
    Harm("a setting changed", "constraints", at(NEW, "settings", **{"options-fencing": "stonith-enabled=false"})),
    Harm("a standby that can't be promoted", "scores", at(OLD, scores={INSTANCE: -1000})),
    Harm("a standby without a score", "scores", at(OLD, scores={INSTANCE: None})),
    Harm("a primary below its standby", "scores", at(NEW, scores={INSTANCE: 900})),
    Harm("a core dump", "crashes", at(NEW, cores=["/var/lib/corosync/core.145"])),
    Harm(
        "a crash", "crashes", at(NEW, crashes=["postgres-krogan2: was terminated by signal 11: Segmentation fault"])
    ),
    Harm("a daemon restarted", "daemons", at(NEW, "daemons", corosync=[999])),
    Harm("a daemon gone", "daemons", at(NEW, daemons={"corosync": [145], "pacemakerd": [158]})),
    Harm("another node fenced", "daemons", at(NEW, boot="another")),
    Harm("a vote missing", "quorum", at(OLD, "quorum", votes=2)),
    Harm("no vote of the quorum device", "quorum", at(OLD, "quorum", device=False)),
    Harm("no quorum", "quorum", at(OLD, "quorum", quorate=False)),
    Harm("a watchdog asleep", "watchdog", at(OLD, watchdog="disarmed")),
)
# What can't be known is no pass either. Each leaves out what a check needs.
UNKNOWN = (
    Harm("never stable", "stable", swap(ServiceStable, lambda _: None)),
    Harm("a blind recorder", "recorder", swap(Write, lambda e: None if 107 < e.due < 110 else e)),
    Harm("no roles", ("one primary", "margin", "most advanced"), swap(RoleProbe, lambda _: None)),
    Harm("a silent end", "margin", swap(MachineStopped, lambda _: None)),
    Harm("no answer for the VIPs", "VIPs", swap(VipHolders, lambda e: replace(e, nodes=[]))),
    Harm("nobody counted", ("commits", "commits in place", "refused commits"), swap(CommitsCounted, lambda _: None)),
    Harm("no log positions", "most advanced", swap(RoleProbe, lambda e: replace(e, lsn=None))),
    Harm("no standbys asked for", "redundancy", swap(Streaming, lambda _: None)),
    Harm(
        "no audit",
        AUDIT,
        swap(Audited, lambda _: None),
    ),
    Harm(
        "a node that did not answer",
        AUDIT,
        swap(Audited, lambda e: replace(e, found={}) if e.node == OLD else e),
    ),
    Harm(
        "no answer of PostgreSQL", ("rows", "checksums", "timelines", "replication", "scores"), at(OLD, instances={})
    ),
)


@pytest.mark.parametrize("base", [power_loss, standby_fault, lambda: with_third(power_loss())])
def test_every_promise_is_held_where_no_harm_was_done(base: Callable[[], list[Event]]) -> None:
    assert outcomes(promising(base()), "held") == set(ALL)


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.what)
def test_no_harm_goes_unnoticed_and_none_is_taken_for_another(harm: Harm) -> None:
    events = harm.done()
    assert outcomes(events, "broken") == harm.checks
    # Between two primaries at once there is no time at which to compare the standbys.
    assert outcomes(events, "not checked") <= ({"most advanced"} if "one primary" in harm.checks else set())
    (trial,) = slice_trials(events)
    verdict = judge_trial(trial)
    assert not verdict.recovered
    assert all(check.detail in verdict.problem for check in verdict.checks if check.outcome == "broken")


@pytest.mark.parametrize("harm", UNKNOWN, ids=lambda harm: harm.what)
def test_what_could_not_be_checked_is_no_pass(harm: Harm) -> None:
    events = harm.done()
    assert outcomes(events, "not checked") == harm.checks
    assert outcomes(events, "broken") == set()
    (trial,) = slice_trials(events)
    assert not judge_trial(trial).recovered


def test_every_check_is_broken_by_a_harm_or_can_be_left_unmade() -> None:
    assert {name for harm in HARMS for name in harm.checks} == set(ALL) - {"stable", "recorder"}
    assert {name for harm in UNKNOWN for name in harm.checks} == set(ALL) - {"writes", "reads", "healthy"}


@pytest.mark.parametrize("name", ALL)
def test_without_a_check_some_harm_would_pass(name: str) -> None:
    """Mutate the checker: with the check taken out, there is a harm that nobody notices any more."""
    others = tuple(one for one in EXAMINERS if one.name != name)
    alone = [harm for harm in (*HARMS, *UNKNOWN) if harm.checks == {name}]
    together = [harm for harm in HARMS if name in harm.checks]
    missed = [harm for harm in alone if all(one.outcome == "held" for one in checks(harm.done(), others).values())]
    # Of two checks that one harm breaks together, the one that sees less is still wanted for what it says.
    assert missed or (name == "commits in place" and together) or name == "one primary"


@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(HARMS), min_size=1, max_size=4), st.sampled_from([power_loss, standby_fault]))
def test_harms_do_not_hide_each_other(harms: set[Harm], base: Callable[[], list[Event]]) -> None:
    events = promising(base())
    for harm in sorted(harms, key=lambda one: one.what):
        events = harm.mutate(events)
    (trial,) = slice_trials(events)
    assert not judge_trial(trial).recovered or base is standby_fault


def with_another() -> list[Event]:
    """The same cluster keeps a second instance, to which the same happened."""

    def both(facts: dict[str, Any]) -> dict[str, Any]:
        return facts | {
            key: dict.fromkeys((INSTANCE, OTHER), facts[key][INSTANCE]) for key in ("instances", "scores")
        }

    events = promising(power_loss())
    theirs = [replace(one, instance=OTHER) for one in events if isinstance(one, OF_INSTANCE)]
    events = change(
        events, TrialStarted, lambda e: replace(e, instances={name: [OLD, NEW] for name in (INSTANCE, OTHER)})
    )
    events = change(events, Audited, lambda e: replace(e, found=both(e.found), before=both(e.before)))
    return [*events, *theirs]


@pytest.mark.parametrize(
    ("mutate", "broken"),
    [
        (swap(RoleProbe, lambda e: still_primary(e) if e.instance == OTHER else e), {"one primary", "margin"}),
        (swap(VipHolders, lambda e: replace(e, nodes=[OLD, NEW]) if e.instance == OTHER else e), {"VIPs"}),
        (
            swap(CommitsCounted, lambda e: replace(e, ranges=[[1, 200]]) if e.instance == OTHER else e),
            {"refused commits"},
        ),
        (at(OLD, "instances", OTHER, rows=[1, "1"]), {"rows"}),
    ],
)
def test_harm_to_another_instance_of_the_cluster_counts(mutate: Mutate, broken: set[str]) -> None:
    assert outcomes(with_another(), "held") == set(ALL)
    assert outcomes(mutate(with_another()), "broken") == broken


def test_another_instance_that_nobody_watched_is_not_checked() -> None:
    alone = [one for one in with_another() if getattr(one, "instance", "") != OTHER]
    assert outcomes(alone, "not checked") == {
        *("one primary", "margin", "VIPs", "commits in place", "refused commits", "most advanced", "redundancy")
    }


def test_a_trial_checks_what_it_promised_and_nothing_else() -> None:
    some = change(power_loss(), TrialStarted, lambda e: replace(e, promises={"VIPs": "one address, one place"}))
    assert list(checks(some).values()) == [Check("VIPs", "one address, one place", "held")]
    assert "commits" not in checks(power_loss())


def test_one_answer_of_two_nodes_to_one_request_is_a_move() -> None:
    once = change(power_loss(), VipHolders, lambda e: replace(e, nodes=[OLD, NEW]) if e.due == 120.0 else e)
    assert outcomes(once, "broken") == set()
