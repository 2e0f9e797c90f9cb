from dataclasses import replace

import pytest

from tests.analysis.forged import INJECTED, JOURNAL, NEW, OLD, change, power_loss
from tuchanka.analysis.phases import PHASES, Anatomy, anatomy
from tuchanka.analysis.trial_record import trial_records
from tuchanka.events import Event, Journal, VipHolders
from tuchanka.stacks.pacemaker.journal_rules import RULES


def measured(events: list[Event], first_write: float | None = 113.42) -> Anatomy:
    return anatomy(trial_records(events)[0], RULES, first_write)


def with_lines(*lines: tuple[float, str, str], node: str = NEW) -> list[Event]:
    return [
        *change(power_loss(), Journal, lambda _: None),
        *(Journal(105.02 + after, node, unit, message) for after, unit, message in lines),
    ]


def test_all_phases() -> None:
    assert measured(power_loss()).at == pytest.approx(
        {
            "detected": 1.03,
            "quorum decided": 2.52,
            "fenced": 7.41,
            "promoted": 7.98,
            "VIP up": 8.21,
            "first write": 8.4,
        }
    )
    assert measured(power_loss()).seconds["fenced"] == pytest.approx(4.89)


def test_what_was_not_seen_is_none_and_the_rest_still_adds_up() -> None:
    found = measured(with_lines(JOURNAL[0], JOURNAL[6]))
    assert found.at["fenced"] is None
    assert found.seconds["fenced"] is None
    assert found.seconds["promoted"] == pytest.approx(7.98 - 1.03)
    assert sum(value or 0 for value in found.seconds.values()) == pytest.approx(8.4)


def test_without_journals_nothing_is_invented() -> None:
    assert measured(with_lines(), None).at == dict.fromkeys(phase for phase in PHASES if phase != "recovered")


def test_first_aid_where_it_was() -> None:
    aid = (1.8, "pgsqlms(krogan2)", "WARNING: first aid: the server is dead")
    ready = (2.9, "postgres-krogan2", "[9-1] LOG:  database system is ready to accept connections")
    found = measured(with_lines(ready, aid, ready, node=OLD), INJECTED + 3.0)
    assert found.at["detected"] == pytest.approx(1.8)
    assert found.seconds["recovered"] == pytest.approx(1.1)
    assert list(found.at) == list(PHASES)
    # The new primary says the same of itself when it is promoted.
    elsewhere = [*with_lines(aid, node=OLD), Journal(INJECTED + 2.9, NEW, ready[1], ready[2])]
    assert measured(elsewhere).points["instance recovered"] is None


def test_lines_before_the_fault_of_the_target_and_of_other_clusters_do_not_count() -> None:
    early = change(power_loss(), Journal, lambda line: replace(line, t=line.t - 10))
    assert measured(early).at["detected"] is None
    assert measured(with_lines(*JOURNAL, node=OLD)).at["detected"] is None
    assert measured(with_lines(*JOURNAL, node="tuchanka4a")).at["detected"] is None


def test_quorum_is_decided_only_after_the_loss_was_detected() -> None:
    line = (0.5, "corosync", "[QUORUM] Members[2]: 1 2")
    assert measured(with_lines(line, *JOURNAL)).at["quorum decided"] == pytest.approx(2.52)
    assert measured(with_lines(line)).at["quorum decided"] is None


@pytest.mark.parametrize(
    ("phase", "unit", "message"),
    [
        ("detected", "corosync", "[TOTEM ] A processor failed, forming new configuration."),
        ("fenced", "pacemaker-controld", "Peer tuchanka2a was terminated (reboot) by tuchanka2b on behalf of x: OK"),
        ("fenced", "pacemaker-fenced", "Operation 'reboot' targeting tuchanka2a by watchdog for x@tuchanka2b: OK"),
        ("promoted", "pacemaker-controld", "Result of promote operation for krogan2 on tuchanka2b: 0 (ok)"),
        ("promoted", "pacemaker-controld", "Result of promote operation for krogan2:1 on tuchanka2b: OK"),
    ],
)
def test_wordings_that_count(phase: str, unit: str, message: str) -> None:
    assert measured(with_lines((3.0, unit, message))).at[phase] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("phase", "unit", "message"),
    [
        ("detected", "kernel", "A processor failed, forming new configuration"),
        ("fenced", "pacemaker-fenced", "Operation 'reboot' targeting tuchanka2b by watchdog for x@tuchanka2b: OK"),
        ("fenced", "pacemaker-fenced", "Operation 'reboot' targeting tuchanka2a by x for y: Timed out"),
        (
            "fenced",
            "pacemaker-fenced",
            "error: Operation 'reboot' [1] targeting tuchanka2a could not be executed (did not complete)",
        ),
        ("fenced", "pacemaker-fenced", "Requesting peer fencing (reboot) targeting tuchanka2a"),
        ("promoted", "pacemaker-controld", "Result of promote operation for krogan2 on tuchanka2b: error"),
        ("promoted", "pacemaker-controld", "Result of promote operation for krogan21 on tuchanka2b: OK"),
        ("VIP up", "pacemaker-controld", "Result of start operation for krogan2s1-vip on tuchanka2b: OK"),
        ("VIP up", "pacemaker-controld", "Result of stop operation for krogan2-vip on tuchanka2b: OK"),
    ],
)
def test_wordings_that_do_not(phase: str, unit: str, message: str) -> None:
    assert measured(with_lines((3.0, unit, message))).at[phase] is None


# A killed PostgreSQL, as its own node told it (times after the kill; the node's and the instance's names are real).
REPAIRED = (
    (0.29, "pacemaker-controld", "notice: Result of monitor operation for krogan2-vip on tuchanka2a: OK"),
    (
        0.31,
        "pacemaker-controld",
        "notice: Result of monitor operation for krogan2 on tuchanka2a: Failed in promoted role (Instance crashed)",
    ),
    (2.88, "pacemaker-controld", "notice: Result of demote operation for krogan2 on tuchanka2a: OK"),
    (3.68, "pacemaker-controld", "notice: Result of stop operation for krogan2 on tuchanka2a: OK"),
    (4.47, "pacemaker-controld", "notice: Result of start operation for krogan2 on tuchanka2a: OK"),
    (4.83, "pacemaker-controld", "notice: Requesting local execution of promote operation for krogan2 on tuchanka2a"),
    (5.18, "pacemaker-controld", "notice: Result of promote operation for krogan2 on tuchanka2a: OK"),
    (5.60, "pacemaker-controld", "notice: Result of start operation for krogan2-vip on tuchanka2a: OK"),
)


def test_the_phases_of_a_node_that_recovers_by_itself_are_in_its_own_journal() -> None:
    found = measured(with_lines(*REPAIRED, node=OLD), INJECTED + 5.7)
    seen = {point: t for point, t in found.points.items() if t is not None}
    assert seen == pytest.approx(
        {
            "monitor noticed": 0.31,
            "instance stopped": 3.68,
            "instance started": 4.47,
            "promotion started": 4.83,
            "promotion done": 5.18,
            "VIP up": 5.60,
            "VIP announced": 8.15,
            "first write": 5.7,
        }
    )
    assert found.seconds["detected"] == pytest.approx(0.31)
    assert found.seconds["promoted"] == pytest.approx(5.18 - 0.31)
    assert (found.seconds["quorum decided"], found.seconds["fenced"]) == (None, None)


@pytest.mark.parametrize("result", ["Not running", "Timed Out (after 2s)", "Failed in promoted role", "Error"])
def test_a_monitor_that_failed_has_noticed(result: str) -> None:
    line = (3.0, "pacemaker-controld", f"notice: Result of monitor operation for krogan2 on tuchanka2a: {result}")
    assert measured(with_lines(line, node=OLD)).points["monitor noticed"] == pytest.approx(3.0)


@pytest.mark.parametrize("result", ["OK", "Promoted", "0 (ok)"])
def test_a_monitor_that_did_not_fail_has_not(result: str) -> None:
    line = (3.0, "pacemaker-controld", f"notice: Result of monitor operation for krogan2 on tuchanka2a: {result}")
    assert measured(with_lines(line, node=OLD)).points["monitor noticed"] is None


def test_what_the_heartbeat_knows() -> None:
    trial = trial_records(power_loss())[0]
    found = anatomy(trial, RULES, INJECTED + 8.4, INJECTED + 8.5, INJECTED + 23)
    assert found.points["VIP announced"] == pytest.approx(8.15)
    assert found.points["first fresh read"] == pytest.approx(8.5)
    assert found.points["redundancy back"] == pytest.approx(23)
    assert sum(value or 0 for value in found.seconds.values()) == pytest.approx(8.4)


def test_the_vip_of_the_primary_need_not_be_called_after_the_instance() -> None:
    events = change(power_loss(), VipHolders, lambda one: replace(one, vip="front") if one.vip == "krogan2" else one)
    line = (8.0, "pacemaker-controld", "notice: Result of start operation for front-vip on tuchanka2b: OK")
    renamed = [*change(events, Journal, lambda _: None), Journal(INJECTED + line[0], NEW, line[1], line[2])]
    assert measured(renamed).at["VIP up"] == pytest.approx(8.0)


def test_what_comes_after_the_first_write_is_a_point_and_no_phase() -> None:
    """A planned move needs no fencing; the token that the node loses when it ends is not what was waited for."""
    found = measured(power_loss(), INJECTED + 0.9)
    assert found.points["token lost"] == pytest.approx(1.03)
    assert (found.at["detected"], found.at["quorum decided"], found.at["fenced"]) == (None, None, None)
    # The agents of these end, and are told of, when a client may have been served already.
    assert (found.at["promoted"], found.at["VIP up"], found.at["first write"]) == pytest.approx((0.9, 0.9, 0.9))
    assert sum(value or 0 for value in found.seconds.values()) == pytest.approx(0.9)
