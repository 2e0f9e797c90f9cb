"""Forged histories in which each kind of harm happened: none may go unnoticed."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.forged import (
    BACK,
    INJECTED,
    INSTANCE,
    NEW,
    OLD,
    VIP,
    change,
    power_loss,
    renumber,
    standby_fault,
)
from tuchanka.analysis.checks.catalogue import EXAMINERS
from tuchanka.analysis.commits import to_ranges
from tuchanka.analysis.verdict import Verdict, judge
from tuchanka.events import (
    CommitsCounted,
    Event,
    FaultInjected,
    Healthy,
    Read,
    RecorderLate,
    RestoreStarted,
    RoleProbe,
    ServiceStable,
    TrialEnded,
    TrialStarted,
    Write,
    from_json,
    to_json,
)
from tuchanka.report.summary import summarise
from tuchanka.stacks.pacemaker.journal_rules import RULES

CONTRACT = (  # noqa: SIM905 - the contract's own words, in its order
    "cluster instance fault target target_role reaction_s read_reaction_s acknowledged lost indeterminate "
    "dual_primary_s recovered restored_s predicted_s phases"
).split()


def one(events: list[Event]) -> Verdict:
    (verdict,) = judge(events, RULES)
    return verdict


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


def test_no_bad_read_means_no_read_reaction() -> None:
    verdict = one(change(standby_fault(), Read, lambda read: replace(read, ok=True, seq=9, age=0.1)))
    assert verdict.recovered
    assert verdict.service.read_reaction_s is None


def test_a_lost_commit() -> None:
    verdict = one(change(power_loss(), CommitsCounted, lambda event: replace(event, ranges=[[1, 40], [44, 300]])))
    assert verdict.commits.lost == 3
    assert verdict.commits.lost_ranges == ((41, 43),)


def test_a_lost_commit_after_the_outage() -> None:
    verdict = one(change(power_loss(), CommitsCounted, lambda event: replace(event, ranges=[[1, 150], [152, 300]])))
    assert verdict.commits.lost_ranges == ((151, 151),)


def test_nobody_counted() -> None:
    verdict = one(change(power_loss(), CommitsCounted, lambda _: None))
    assert verdict.commits.lost is None
    assert not verdict.recovered
    assert "never counted" in verdict.problem
    assert summarise([verdict])["totals"]["lost"] is None


def test_the_count_of_another_instance_is_not_ours() -> None:
    assert (
        one(change(power_loss(), CommitsCounted, lambda event: replace(event, instance="krogan4"))).commits.lost
        is None
    )


def test_a_refused_commit_that_is_there() -> None:
    verdict = one(change(power_loss(), CommitsCounted, lambda event: replace(event, ranges=[[1, 300]])))
    assert verdict.commits.refused_survived == 81
    assert "81 refused commits of krogan2 were found" in verdict.problem


def test_an_acknowledgement_with_a_warning_is_counted_apart() -> None:
    """As where the wait for a synchronous standby was cancelled: beat 20 is there, beat 30 is not."""
    warned = change(
        power_loss(), Write, lambda write: replace(write, outcome="warned") if write.seq in {20, 30} else write
    )
    events = change(warned, CommitsCounted, lambda event: replace(event, ranges=[[1, 29], [31, 45], [129, 200]]))
    found = one(events).commits
    assert (found.warned, found.warned_survived, found.lost) == (2, 1, 0)
    assert (found.indeterminate, found.refused_survived) == (2, 0)
    assert found.acknowledged == one(power_loss()).commits.acknowledged - 2
    totals = summarise([one(events)])["totals"]
    assert (totals["warned"], totals["lost"]) == (2, 0)


def test_writes_that_are_only_warned_of_are_not_back() -> None:
    still = change(
        power_loss(), Write, lambda write: replace(write, outcome="warned") if BACK < write.due < 115 else write
    )
    verdict = one(still)
    assert verdict.service.reaction_s == pytest.approx(115 - INJECTED, abs=0.15)
    # They were answered, if not as they should be: no client was refused for longer.
    assert verdict.service.refused_s == pytest.approx(one(power_loss()).service.refused_s, abs=0.15)


def test_reads_that_go_back_are_counted_on_any_connection() -> None:
    # The VIP moves to a standby that has replayed less.
    def lagging(read: Read) -> Read:
        return replace(read, seq=read.seq - 9, connection=2) if read.due > 120 else read

    assert one(power_loss()).service.reads_back == 0
    assert one(change(power_loss(), Read, lagging)).service.reads_back == 1


def test_two_primaries() -> None:
    # The old primary answers again for a while, still in its role, after the new one was promoted.
    def back(probe: RoleProbe) -> RoleProbe:
        again = probe.node == OLD and 114 <= probe.due <= 115.05
        return replace(probe, t=probe.due + 0.003, role="primary") if again else probe

    verdict = one(change(power_loss(), RoleProbe, back))
    assert verdict.safety.dual_primary_s == pytest.approx(1.0, abs=0.05)
    assert not verdict.recovered
    assert verdict.safety.margin_s is not None


def test_an_old_primary_that_stayed_one_until_after_the_new() -> None:
    def stays(probe: RoleProbe) -> RoleProbe:
        on = probe.node == OLD and probe.due < 114
        return replace(probe, t=probe.due + 0.003, role="primary") if on else probe

    verdict = one(change(power_loss(), RoleProbe, stays))
    assert verdict.safety.dual_primary_s == pytest.approx(1.0, abs=0.1)
    assert verdict.safety.margin_s == pytest.approx(-1.0, abs=0.1)


def test_a_single_answer_within_the_others_span_is_noticed() -> None:
    def blip(probe: RoleProbe) -> RoleProbe:
        hit = probe.node == NEW and abs(probe.due - 103.0) < 0.01
        return replace(probe, role="primary") if hit else probe

    verdict = one(change(power_loss(), RoleProbe, blip))
    assert verdict.safety.dual_primary_s is not None
    assert verdict.safety.dual_primary_s > 0
    assert not verdict.recovered


def test_roles_never_asked() -> None:
    verdict = one(change(power_loss(), RoleProbe, lambda _: None))
    assert verdict.safety.dual_primary_s is None
    assert not verdict.recovered


def never_after(t: float) -> Callable[[Write], Write]:
    return lambda write: replace(write, outcome="refused") if write.due > t else write


def test_writes_never_came_back() -> None:
    verdict = one(change(power_loss(), Write, never_after(INJECTED)))
    assert verdict.service.reaction_s is None
    assert verdict.anatomy.seconds["first write"] is None
    assert "writes never came back" in verdict.problem


def test_writes_away_again_at_the_end() -> None:
    verdict = one(change(power_loss(), Write, never_after(128)))
    assert verdict.service.reaction_s == pytest.approx(BACK - INJECTED, abs=0.05)
    assert verdict.service.later_outages == 1
    assert "writes were away at the end" in verdict.problem


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


def test_an_outage_twice_counts_to_its_last_end() -> None:
    verdict = one(
        change(
            power_loss(),
            Write,
            lambda write: replace(write, outcome="indeterminate") if 115 < write.due < 116 else write,
        )
    )
    assert verdict.service.outages == 2
    assert verdict.service.reaction_s == pytest.approx(116.0 - INJECTED, abs=0.15)


def test_an_outage_while_mending_is_not_the_reaction_but_is_counted() -> None:
    verdict = one(
        change(
            power_loss(), Write, lambda write: replace(write, outcome="refused") if 124 < write.due < 125 else write
        )
    )
    assert verdict.service.reaction_s == pytest.approx(BACK - INJECTED, abs=0.05)
    assert (verdict.service.outages, verdict.service.later_outages) == (1, 1)


def test_a_beat_given_up_late_before_the_fault_is_not_the_faults() -> None:
    late = change(
        standby_fault(),
        Write,
        lambda write: replace(write, t=INJECTED + 0.1, outcome="indeterminate") if write.seq == 40 else write,
    )
    assert one(late).service.reaction_s is None


def test_reads_stale_for_long() -> None:
    # The standby VIP answers all the time, from a standby that stays where it was for ten seconds more.
    verdict = one(
        change(power_loss(), Read, lambda read: replace(read, seq=45, age=read.t - 105) if read.due < 117 else read)
    )
    assert verdict.service.read_reaction_s == pytest.approx(117 - INJECTED, abs=0.15)
    assert verdict.service.stale_reads == pytest.approx(120, abs=2)
    assert verdict.service.oldest_read_s == pytest.approx(12, abs=0.2)


def test_reads_that_stop_at_the_first_new_row_are_stale_too() -> None:
    stuck = change(
        power_loss(), Read, lambda read: replace(read, seq=130, age=read.t - 113.4) if read.due > 114.6 else read
    )
    verdict = one(stuck)
    assert verdict.service.read_reaction_s is None
    assert f"fresh reads through {VIP} never came back" in verdict.problem


def test_the_worst_vip_counts() -> None:
    events = power_loss()
    second = [
        replace(event, vip="krogan2s2", seq=45) for event in events if isinstance(event, Read) and event.due < 116
    ]
    second += [replace(event, vip="krogan2s2") for event in events if isinstance(event, Read) and event.due >= 116]
    verdict = one([*events, *second])
    assert set(verdict.service.read_reactions) == {VIP, "krogan2s2"}
    assert verdict.service.read_reaction_s == verdict.service.read_reactions["krogan2s2"]


def test_a_vip_that_nobody_could_read_after_the_fault() -> None:
    verdict = one(change(power_loss(), Read, lambda read: None if read.due > INJECTED else read))
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
    summary = summarise(judge([*power_loss(), *renumber(standby_fault(), 2, 100.0)]))
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


def test_ranges() -> None:
    assert to_ranges([5, 1, 2, 3, 3, 9]) == ((1, 3), (5, 5), (9, 9))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_prefix_and_any_gaps_get_a_verdict(data: st.DataObject) -> None:
    events = power_loss()
    events = events[: data.draw(st.integers(0, len(events)))]
    kinds = sorted({type(event).kind for event in events} - {"trial-started"})
    gone = data.draw(st.sets(st.sampled_from(kinds))) if kinds else set()
    events = [event for event in events if event.kind not in gone]
    verdicts = judge(events)
    assert len(verdicts) == sum(isinstance(event, TrialStarted) for event in events)
    for verdict in verdicts:
        assert verdict.recovered == (verdict.problem == "")
    assert all(set(CONTRACT) <= set(trial) for trial in summarise(verdicts)["trials"])


SEQS = st.integers(0, 60)


@settings(max_examples=100, deadline=None)
@given(
    outcomes=st.lists(st.sampled_from(["acknowledged", "warned", "refused", "indeterminate"]), max_size=60),
    ranges=st.lists(st.tuples(SEQS, SEQS).map(sorted), max_size=5),
    up_to=SEQS,
    injected=st.floats(99, 108),
    stable=st.floats(99, 110),
    reads=st.lists(st.tuples(st.floats(100, 110), st.booleans(), SEQS, st.floats(0, 5)), max_size=30),
    roles=st.lists(
        st.tuples(
            st.floats(100, 110), st.floats(0, 1), st.sampled_from("ab"), st.sampled_from(["primary", "standby"])
        ),
        max_size=30,
    ),
)
def test_laws(
    outcomes: list[str],
    ranges: list[list[int]],
    up_to: int,
    injected: float,
    stable: float,
    reads: list[tuple[float, bool, int, float]],
    roles: list[tuple[float, float, str, str]],
) -> None:
    events: list[Event] = [
        TrialStarted(99.0, 7, "c", "i", "f", "a", "primary"),
        FaultInjected(injected, 7, "f", "a"),
        ServiceStable(stable, 7),
        CommitsCounted(111, 7, "i", "b", up_to, ranges),
        TrialEnded(112, 7),
    ]
    events += [
        Write(100 + seq / 10 + 0.3 * (seq % 3), "i", seq, 100 + seq / 10, 100 + seq / 10, outcome)  # type: ignore[arg-type]
        for seq, outcome in enumerate(outcomes, 1)
    ]
    events += [Read(due + 0.01, "i", "v", due, ok, seq, age) for due, ok, seq, age in reads]
    events += [RoleProbe(due + long, "i", node, due, role) for due, long, node, role in roles]  # type: ignore[arg-type]
    verdict = one([from_json(to_json(event)) for event in events])
    acknowledged = {seq for seq, outcome in enumerate(outcomes, 1) if outcome == "acknowledged"}
    lost = {seq for low, high in verdict.commits.lost_ranges for seq in range(low, high + 1)}
    assert lost <= acknowledged
    assert len(lost) == verdict.commits.lost
    found = verdict.commits
    assert found.acknowledged + found.warned + found.refused + found.indeterminate == len(outcomes)
    assert verdict.service.reaction_s is None or verdict.service.reaction_s >= 0
    assert verdict.service.read_reaction_s is None or verdict.service.read_reaction_s >= 0
    assert verdict.safety.dual_primary_s is None or 0 <= verdict.safety.dual_primary_s <= 11
    if len({node for _, _, node, role in roles if role == "primary"}) < 2:
        assert not verdict.safety.dual_primary_s
