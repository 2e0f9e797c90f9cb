import json

from tuchanka.providers.base import Stop
from tuchanka.providers.nspawn.powerlog import stops


def line(t: float, what: str, **details: object) -> str:
    return json.dumps({"t": t, "wall": 1.7e9 + t, "what": what, **details})


def test_a_cut_and_the_end_that_follows_are_one_stop() -> None:
    log = [
        line(10.0, "booted", boots=1, leader=7),
        line(20.0, "watchdog expired", silence_s=3.0),
        line(20.1, "power cut", reason="watchdog"),
        line(20.2, "ended", status=1),
        line(20.9, "booted", boots=2, leader=8),
        line(30.0, "ended", status=133),
        line(31.0, "booted", boots=3, leader=9),
        line(40.0, "power cut", reason="power-off"),
        line(40.1, "ended", status=1),
    ]
    assert stops(log) == (Stop(20.1, "watchdog"), Stop(30.0, "ended"), Stop(40.0, "power-off"))


def test_a_line_that_is_cut_off() -> None:
    assert stops([line(10.0, "ended"), '{"t": 11, "wh']) == (Stop(10.0, "ended"),)
    assert stops(()) == ()


def test_a_stop_knows_whether_the_machine_was_frozen_before() -> None:
    log = [
        line(10.0, "booted", boots=1, leader=7),
        line(11.0, "frozen", watchdog_runs=False),
        line(15.0, "thawed"),
        line(16.0, "ended", status=133),
        line(17.0, "booted", boots=2, leader=8),
        line(18.0, "frozen", watchdog_runs=True),
        line(20.0, "power cut", reason="watchdog"),
        line(21.0, "booted", boots=3, leader=9),
        line(22.0, "ended", status=0),
    ]
    assert stops(log) == (Stop(16.0, "ended", 11.0, 15.0), Stop(20.0, "watchdog", 18.0), Stop(22.0, "ended"))
