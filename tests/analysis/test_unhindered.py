"""Of a fault beside the clusters no write may notice anything, and only while it lasts."""

from dataclasses import replace

from tests.analysis.forged import INJECTED, change, standby_fault
from tests.analysis.mutations import OTHER, Mutate, standby_with_another, swap
from tuchanka.analysis.checks.outcome import CheckResult
from tuchanka.analysis.trial_record import trial_records
from tuchanka.analysis.verdict import judge_trial
from tuchanka.events import Event, FaultHealed, FaultInjected, TrialStarted, Write

PROMISE = "no write is refused or late while the fault lasts"
HEALED = 120.0


def found(mutate: Mutate = list, base: list[Event] | None = None) -> CheckResult:
    events = [*(base or standby_fault()), FaultHealed(HEALED, 1, "store-off", "depot")]
    events = change(events, TrialStarted, lambda event: replace(event, promises={"unhindered": PROMISE}))
    (trial,) = trial_records(mutate(events))
    (check,) = judge_trial(trial).checks
    return check


def worse(begin: float, end: float, **values: object) -> Mutate:
    def change_one(write: Write) -> Write:
        return replace(write, **values) if begin <= write.due < end else write  # type: ignore[arg-type]

    return swap(Write, change_one)


def late(begin: float, end: float, by: float) -> Mutate:
    return swap(Write, lambda one: replace(one, t=one.sent + by) if begin <= one.due < end else one)


def test_it_is_kept_where_every_write_was_acknowledged_at_once() -> None:
    assert found() == CheckResult("unhindered", PROMISE, "kept")


def test_it_is_violated_by_a_write_that_was_refused_or_late() -> None:
    refused = found(worse(INJECTED, INJECTED + 0.3, outcome="refused"))
    assert (refused.outcome, refused.detail) == ("violated", "3 writes of krogan2 were not acknowledged")
    waited = found(late(110, 110.2, 0.7))
    assert (waited.outcome, waited.detail) == ("violated", "2 writes of krogan2 were late, by up to 0.7 s")


def test_the_other_instance_of_the_cluster_counts() -> None:
    other = swap(Write, lambda one: replace(one, outcome="refused") if one.instance == OTHER else one)
    assert found(other, standby_with_another()).outcome == "violated"


def test_what_was_before_the_fault_or_after_the_healing_is_not_its_doing() -> None:
    assert found(worse(0, INJECTED, outcome="refused")).outcome == "kept"
    assert found(worse(HEALED, 200, outcome="refused")).outcome == "kept"


def test_a_recorder_that_sent_late_waited_for_nobody() -> None:
    assert found(swap(Write, lambda one: replace(one, sent=one.due + 0.8, t=one.due + 0.81))).outcome == "kept"


def test_it_is_not_checked_where_nobody_wrote_or_nothing_was_injected() -> None:
    assert found(swap(Write, lambda _: None)).outcome == "not checked"
    assert found(swap(FaultInjected, lambda _: None)).outcome == "not checked"
