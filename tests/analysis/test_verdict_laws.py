"""What holds of the verdict on any history, whole or in pieces."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.forged import power_loss
from tests.analysis.judged import CONTRACT, one
from tuchanka.analysis.verdict import judge
from tuchanka.events import (
    CommitsCounted,
    Event,
    FaultInjected,
    Read,
    RoleProbe,
    ServiceStable,
    TrialEnded,
    TrialStarted,
    Write,
    from_json,
    to_json,
)
from tuchanka.report.summary import summarise


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
