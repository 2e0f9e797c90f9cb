"""Every kind of harm, forged into a history: the check that is there for it is violated, and no other."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.forged import NEW, OLD, change, power_loss
from tests.analysis.harms import EITHER, HARMS, UNKNOWN, Base, Harm
from tests.analysis.mutations import (
    ALL,
    OTHER,
    Mutate,
    at,
    promising,
    standby_with_another,
    still_primary,
    swap,
    with_another,
    with_third,
)
from tuchanka.analysis.checks.catalogue import EXAMINERS, Examiner
from tuchanka.analysis.checks.outcome import CheckResult, PromiseOutcome
from tuchanka.analysis.trial_record import trial_records
from tuchanka.analysis.verdict import judge_trial
from tuchanka.events import CommitsCounted, Event, RoleProbe, TrialStarted, VipHolders
from tuchanka.stacks.pacemaker.journal_rules import RULES


def checks(events: list[Event], examiners: tuple[Examiner, ...] = EXAMINERS) -> dict[str, CheckResult]:
    (trial,) = trial_records(events)
    return {check.name: check for check in judge_trial(trial, RULES, examiners).checks}


def outcomes(events: list[Event], outcome: PromiseOutcome) -> set[str]:
    return {name for name, check in checks(events).items() if check.outcome == outcome}


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
    verdict = judge_trial(trial, RULES)
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
    found = [checks(harm.done(), others) for harm in alone]
    assert any(all(one.outcome == "kept" for one in each.values() if one.name != name) for each in found)


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


def test_a_promise_whose_check_this_version_has_not_is_not_checked_and_the_trial_does_not_pass() -> None:
    more = {**ALL, "archived": "krogan2 is archived"}
    events = change(power_loss(), TrialStarted, lambda event: replace(event, promises=more))
    found = CheckResult("archived", "krogan2 is archived", "not checked", "this version has no such check")
    assert checks(events)["archived"] == found
    (trial,) = trial_records(events)
    assert not judge_trial(trial).recovered
