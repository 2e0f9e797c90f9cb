"""Forged histories as a whole: what goes well recovers, and what is missing or unseen is a problem."""

from dataclasses import replace

import pytest

from tests.analysis.forged import BACK, INJECTED, INSTANCE, change, power_loss, renumber, standby_fault
from tests.analysis.judged import CONTRACT, one
from tuchanka.analysis.checks.catalogue import EXAMINERS
from tuchanka.analysis.verdict import judge
from tuchanka.events import (
    Event,
    FaultInjected,
    Healthy,
    Read,
    RecorderLate,
    RestoreStarted,
    ServiceStable,
    TrialEnded,
    Write,
)
from tuchanka.report.summary import summarise
from tuchanka.stacks.pacemaker.journal_rules import RULES


def test_a_power_loss_as_it_should_go() -> None:
    verdict = one(power_loss())
    assert verdict.recovered
    assert verdict.problem == ""
    assert verdict.service.reaction_s == pytest.approx(BACK - INJECTED, abs=0.05)
    assert verdict.service.read_reaction_s is not None
    assert verdict.service.reaction_s is not None
    assert verdict.service.reaction_s < verdict.service.read_reaction_s < verdict.service.reaction_s + 0.25
    assert (verdict.commits.lost, verdict.commits.indeterminate, verdict.commits.indeterminate_survived) == (0, 2, 1)
    assert (verdict.commits.refused, verdict.commits.refused_survived) == (81, 0)
    assert verdict.commits.acknowledged + verdict.commits.refused + verdict.commits.indeterminate == 300
    assert verdict.safety.dual_primary_s == 0
    assert verdict.safety.margin_s == pytest.approx(8.0, abs=0.2)
    assert verdict.restoration.restored_s == 18.0
    assert verdict.predicted_s == pytest.approx(8.5)
    assert verdict.service.outages == 1
    assert verdict.commits.uncounted == 300 - 185
    assert list(verdict.anatomy.seconds) == [
        "detected",
        "quorum decided",
        "fenced",
        "promoted",
        "VIP up",
        "first write",
    ]
    assert sum(value or 0 for value in verdict.anatomy.seconds.values()) == pytest.approx(verdict.service.reaction_s)


def test_a_fault_on_a_standby_needs_no_reaction_of_the_writes() -> None:
    verdict = one(standby_fault())
    assert verdict.recovered, verdict.problem
    assert verdict.service.reaction_s is None
    assert verdict.predicted_s is None
    assert verdict.safety.margin_s is None
    assert verdict.service.read_reaction_s == pytest.approx(2.0, abs=0.15)
    assert verdict.service.failed_reads == 20


def test_never_healthy() -> None:
    verdict = one(change(power_loss(), Healthy, lambda _: None))
    assert verdict.restoration.restored_s is None
    assert "not seen healthy" in verdict.problem


def test_healthy_before_the_restore_is_not_healthy_again() -> None:
    verdict = one(change(power_loss(), Healthy, lambda event: replace(event, t=121.0)))
    assert verdict.restoration.restored_s is None
    assert not verdict.recovered


def test_without_a_restore_healthy_is_enough() -> None:
    verdict = one(change(power_loss(), RestoreStarted, lambda _: None))
    assert verdict.recovered
    assert verdict.restoration.restored_s is None


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (TrialEnded, "interrupted"),
        (ServiceStable, "never seen stable"),
        (FaultInjected, "no fault was injected"),
        (Write, "no beat"),
    ],
)
def test_what_is_missing_is_a_problem(kind: type[Event], words: str) -> None:
    verdict = one(change(power_loss(), kind, lambda _: None))
    assert not verdict.recovered
    assert words in verdict.problem


def test_the_trials_own_problem() -> None:
    verdict = one(change(power_loss(), TrialEnded, lambda event: replace(event, problem="node never booted")))
    assert verdict.problem == "node never booted"
    assert not verdict.recovered


def test_the_recorder_was_late() -> None:
    verdict = one([*power_loss(), RecorderLate(106.0, "tick", 105.5), RecorderLate(90.0, "tick", 89.0)])
    assert verdict.recording.recorder_late == 1
    assert verdict.recovered


def test_the_recorder_was_blind() -> None:
    # Without this, a recorder that died with the fault would make a perfect trial: no outage.
    events = change(power_loss(), Write, lambda write: None if 104.9 < write.due < 117 else write)
    events = change(events, Read, lambda read: None if 104.9 < read.due < 117 else read)
    verdict = one(events)
    assert verdict.service.reaction_s is None
    assert verdict.recording.blind_s == pytest.approx(12, abs=0.2)
    assert not verdict.recovered


def test_order_in_the_file_does_not_matter() -> None:
    assert judge(list(reversed(power_loss())), RULES) == judge(power_loss(), RULES)


def test_two_clusters_at_the_same_time_do_not_mix() -> None:
    other = renumber(power_loss(), 2, 1.0)
    named = [replace(event, instance="krogan4") if hasattr(event, "instance") else event for event in other]  # type: ignore[call-arg]
    first, second = judge([*power_loss(), *named], RULES)
    assert (first.subject.instance, second.subject.instance) == (INSTANCE, "krogan4")
    assert first == one(power_loss())


def test_summary_keeps_the_contract() -> None:
    summary = summarise(judge([*power_loss(), *renumber(standby_fault(), 2, 100.0)], RULES))
    assert set(CONTRACT) <= set(summary["trials"][0])
    assert [one["trials"] for one in summary["totals"].pop("anatomy")] == [1, 1]
    assert summary["totals"] == {
        "trials": 2,
        "recovered": 2,
        "failed": 0,
        "reaction_median_s": pytest.approx(8.4, abs=0.1),
        "reaction_max_s": pytest.approx(8.4, abs=0.1),
        "read_reaction_median_s": pytest.approx(5.3, abs=0.2),
        "read_reaction_max_s": pytest.approx(8.5, abs=0.1),
        "acknowledged": 517,
        "lost": 0,
        "warned": 0,
        "indeterminate": 2,
        "refused": 81,
        "dual_primary_s": 0,
        "recorder_late": 0,
        "checks": {"kept": 2 * sum(one.always for one in EXAMINERS), "violated": 0, "not checked": 0},
        "margin_min_s": pytest.approx(8.0, abs=0.1),
        "vip_shared_s": 0.0,
        "redundancy_median_s": pytest.approx(23.0, abs=0.1),
    }
    assert summarise([])["totals"]["lost"] is None
