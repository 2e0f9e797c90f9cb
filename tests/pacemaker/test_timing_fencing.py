"""What levels of fencing make of the predictions."""

from dataclasses import replace

import pytest

from tuchanka.prediction import Prediction
from tuchanka.stacks.pacemaker.predictions import predict
from tuchanka.stacks.pacemaker.timing.predict import predict_power_off
from tuchanka.stacks.pacemaker.timing.profiles import FAST, PROFILES
from tuchanka.stacks.pacemaker.timing.types import Timing
from tuchanka.topology.types import ALL, Fencing

DEVICE, BOTH = Fencing(("device",)), Fencing(("device", "watchdog"))
IN_TURN = replace(ALL, fencing_at_once=False)


def fenced(prediction: Prediction | None) -> float:
    assert prediction is not None
    return next(phase.seconds for phase in prediction.phases if phase.name == "fenced")


@pytest.mark.parametrize("timing", PROFILES.values(), ids=str)
def test_a_device_that_answers_spares_the_wait_for_the_watchdog(timing: Timing):
    with_device = predict_power_off(replace(timing, fencing=BOTH))
    assert fenced(with_device) < 1
    assert with_device == predict_power_off(replace(timing, fencing=DEVICE))
    saved = predict_power_off(timing).seconds - with_device.seconds
    assert saved == pytest.approx(timing.stonith_watchdog_timeout_ms / 1000 - 0.35)


@pytest.mark.parametrize("timing", PROFILES.values(), ids=str)
def test_a_device_that_is_lost_with_its_node_costs_nothing_or_its_own_deadline(timing: Timing):
    alone = predict(timing, "failover without device")
    assert alone == replace(predict(timing, "failover"), reaction="failover without device")
    at_once = predict(replace(timing, fencing=BOTH), "failover without device")
    in_turn = predict(replace(timing, fencing=BOTH, helpers=IN_TURN), "failover without device")
    assert fenced(at_once) == fenced(alone)
    assert fenced(in_turn) == pytest.approx(fenced(alone) + timing.device_timeout_s)


def test_without_a_watchdog_nothing_can_be_said_of_a_device_that_is_lost():
    assert predict(replace(FAST, fencing=DEVICE), "failover without device") is None


@pytest.mark.parametrize("reaction", ["failed stop", "stuck stop"])
def test_a_node_that_cannot_stop_is_switched_off_when_the_stop_has_failed(reaction: str):
    alone = predict(FAST, reaction)
    device = predict(replace(FAST, fencing=BOTH), reaction)
    assert alone is not None
    assert device is not None
    assert [phase.name for phase in device.phases] == ["detected", "fenced", "promoted", "VIP up", "first write"]
    assert device.seconds < alone.seconds - 3.5
