from dataclasses import replace

import pytest

from tuchanka.timing.predict import predict_power_off
from tuchanka.timing.profiles import FAST, PROFILES, STEADY
from tuchanka.timing.types import Timing

PHASES = ["detected", "quorum decided", "fenced", "promoted", "VIP up", "first write"]
TRIED = replace(
    FAST, token_ms=1000, consensus_ms=1200, qdevice_sync_timeout_ms=2500, stonith_watchdog_timeout_ms=6000
)


@pytest.mark.parametrize("timing", PROFILES.values(), ids=str)
def test_the_phases_have_their_names_and_add_up(timing: Timing):
    prediction = predict_power_off(timing)
    assert prediction.fault == "power-off"
    assert [phase.name for phase in prediction.phases] == PHASES
    assert all(phase.seconds > 0 and phase.rule for phase in prediction.phases)
    assert prediction.seconds == pytest.approx(sum(phase.seconds for phase in prediction.phases))


@pytest.mark.parametrize(("timing", "measured"), [(TRIED, 9.6), (STEADY, 19.6)], ids=["fast", "steady"])
def test_the_prediction_is_within_a_second_of_what_was_measured(timing: Timing, measured: float):
    assert predict_power_off(timing).seconds == pytest.approx(measured, abs=1)


def test_a_slow_quorum_device_delays_the_decision():
    slow = predict_power_off(replace(FAST, qdevice_timeout_ms=10000))
    # One heartbeat of 8 s from the fault on, on average, whatever corosync already knows.
    assert slow.phases[0].seconds + slow.phases[1].seconds == pytest.approx(8)
