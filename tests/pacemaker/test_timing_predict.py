from dataclasses import replace

import pytest

from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.stacks.pacemaker.timing.predict import PREDICTIONS, predict, predict_power_off
from tuchanka.stacks.pacemaker.timing.profiles import FAST, PROFILES, STEADY
from tuchanka.stacks.pacemaker.timing.types import Timing

PHASES = ["detected", "quorum decided", "fenced", "promoted", "VIP up", "first write"]


@pytest.mark.parametrize("timing", PROFILES.values(), ids=str)
def test_the_phases_have_their_names_and_add_up(timing: Timing):
    prediction = predict_power_off(timing)
    assert prediction.fault == "power-off"
    assert [phase.name for phase in prediction.phases] == PHASES
    assert all(phase.seconds > 0 and phase.rule for phase in prediction.phases)
    assert prediction.seconds == pytest.approx(sum(phase.seconds for phase in prediction.phases))


@pytest.mark.parametrize(("timing", "measured"), [(FAST, 7.8), (STEADY, 18.2)], ids=["fast", "steady"])
def test_the_prediction_is_within_a_second_of_what_was_measured(timing: Timing, measured: float):
    assert predict_power_off(timing).seconds == pytest.approx(measured, abs=1)


def test_a_slow_quorum_device_delays_the_decision():
    slow = predict_power_off(replace(FAST, qdevice_timeout_ms=10000))
    # One heartbeat of 8 s from the fault on, on average, whatever corosync already knows.
    assert slow.phases[0].seconds + slow.phases[1].seconds == pytest.approx(8)


@pytest.mark.parametrize("timing", PROFILES.values(), ids=str)
@pytest.mark.parametrize("fault", PREDICTIONS)
def test_every_prediction_has_phases_of_some_length_or_none(fault: str, timing: Timing):
    prediction = predict(timing, fault)
    assert prediction is not None
    assert prediction.fault == fault
    assert all(phase.seconds > 0 and phase.rule for phase in prediction.phases)


def test_a_fault_that_is_not_known_has_no_prediction():
    assert predict(FAST, "earthquake") is None


def test_what_is_predicted_is_in_the_catalogue():
    assert set(PREDICTIONS) <= set(CATALOGUE)


def test_what_must_hold_under_the_fast_profile():
    longest = {"kill-postgres": 3, "freeze-postgres": 15, "freeze-sbd": 12, "freeze-corosync": 12, "fork-bomb": 25}
    for fault, limit in longest.items():
        prediction = predict(FAST, fault)
        assert prediction is not None
        assert prediction.seconds <= limit
