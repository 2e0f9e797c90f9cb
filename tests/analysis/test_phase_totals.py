import pytest

from tests.analysis.forged import power_loss, renumber, standby_fault
from tuchanka.analysis.phase_totals import is_off, sum_phases
from tuchanka.analysis.phases import COMPLETED_BY, PART_OF, PHASES, POINTS
from tuchanka.analysis.verdict import judge
from tuchanka.stacks.pacemaker.journal_rules import RULES
from tuchanka.stacks.pacemaker.predictions import PHASES as OF_REACTION
from tuchanka.stacks.pacemaker.timing.derive import derive
from tuchanka.topology.load import load


def test_every_point_lies_in_a_phase_and_every_phase_ends_with_a_point() -> None:
    assert set(PART_OF) < set(POINTS)
    assert set(PART_OF.values()) == set(PHASES)
    for phase, points in COMPLETED_BY.items():
        assert {PART_OF[point] for point in points} == {phase}


def test_what_is_predicted_is_what_is_measured() -> None:
    names = {phase.name for predict in OF_REACTION.values() for phase in predict(derive(load(None))) or ()}
    assert names == set(PHASES)


def test_medians_of_each_fault_and_role() -> None:
    events = [*power_loss(), *renumber(power_loss(), 2, 100.0), *renumber(standby_fault(), 3, 200.0)]
    primary, standby = sum_phases(judge(events, RULES))
    assert (primary.target_role, primary.trials, standby.target_role, standby.trials) == ("primary", 2, "standby", 1)
    fenced = next(one for one in primary.phases if one.phase == "fenced")
    assert (fenced.seen, fenced.predicted_s, fenced.off) == (2, 5.5, False)
    assert fenced.measured_s == pytest.approx(4.89)
    decided = next(one for one in primary.phases if one.phase == "quorum decided")
    assert (decided.measured_s, decided.off) == (pytest.approx(1.49), False)
    assert primary.whole.measured_s == pytest.approx(8.39, abs=0.01)
    assert primary.points_s["VIP announced"] == pytest.approx(8.15)
    assert standby.whole.measured_s is None
    assert all(one.measured_s is None for one in standby.phases)


@pytest.mark.parametrize(
    ("predicted", "measured", "off"),
    [
        (8.0, 10.0, False),
        (7.4, 10.0, True),
        (12.6, 10.0, True),
        (0.1, 0.5, False),
        (None, 9.0, False),
        (9.0, None, False),
    ],
)
def test_off_by_more_than_a_quarter(predicted: float | None, measured: float | None, off: bool) -> None:
    assert is_off(predicted, measured) is off
