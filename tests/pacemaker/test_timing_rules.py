from dataclasses import replace
from typing import Any

import pytest

from tuchanka.stacks.pacemaker.timing.predict import SLACK_S, qdevice_heartbeat_ms, safety_margin_s
from tuchanka.stacks.pacemaker.timing.profiles import CAUTIOUS, FAST, PROFILES, STEADY
from tuchanka.stacks.pacemaker.timing.rules import LEVELS, RULES, SUSE_RULES, least_fencing_ms, rules
from tuchanka.stacks.pacemaker.timing.types import Timing
from tuchanka.topology.types import ALL, STOCK, Fencing, Helpers

SUSE_FENCING = "SUSE: fencing twice the watchdog"


def broken(timing: Timing) -> set[str]:
    return {rule.name for rule in rules(timing) if not rule.holds}


@pytest.mark.parametrize("timing", PROFILES.values(), ids=str)
def test_every_profile_passes_every_rule(timing: Timing):
    assert broken(timing) == set()
    assert safety_margin_s(timing) >= SLACK_S


def test_names_are_unique_and_every_rule_says_where_it_comes_from():
    both = replace(CAUTIOUS, fencing=Fencing(("device", "watchdog")), archive=True)
    results = rules(both)
    assert len({rule.name for rule in results}) == len(results) == len(RULES) + len(SUSE_RULES)
    for function, rule in zip((*RULES, *SUSE_RULES), results, strict=True):
        assert "Source:" in (function.__doc__ or "")
        assert rule.source
        assert rule.instead.startswith("write ")
        assert hasattr(CAUTIOUS, rule.key) or rule.key == LEVELS


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"consensus_ms": 479}, {"consensus over token"}),
        ({"qdevice_sync_timeout_ms": 720}, {"quorum device decides in time"}),
        ({"watchdog_s": 3, "qdevice_sync_timeout_ms": 3001}, {"sbd trusts the quorum", "safety margin"}),
        (
            {"stonith_watchdog_timeout_ms": 3000, "wal_sender_timeout_ms": 3800},
            {"fencing outlasts the watchdog", "safety margin", "frozen corosync is reset in time"},
        ),
        ({"stonith_watchdog_timeout_ms": 4299}, {"safety margin"}),
        ({"watchdog_s": 2}, {"watchdog outlasts sbd's loops"}),
        ({"dc_deadtime_s": 1, "token_ms": 1001, "consensus_ms": 1300}, {"first election hears a peer"}),
        ({"monitor_standby_s": 2}, {"monitor intervals differ"}),
        ({"stonith_watchdog_timeout_ms": 4619, "helpers": STOCK}, {"frozen corosync is reset in time"}),
        ({"monitor_timeout_s": 7, "stonith_watchdog_timeout_ms": 4620, "helpers": STOCK}, set()),
        ({"qdevice_sync_timeout_ms": 9000, "quorum_device": False}, set()),
        ({"stonith_watchdog_timeout_ms": 3799, "quorum_device": False}, {"safety margin"}),
        (
            {"stonith_watchdog_timeout_ms": 4619, "quorum_device": False, "helpers": STOCK},
            {"frozen corosync is reset in time"},
        ),
        ({"monitor_timeout_s": 7}, {"first aid fits in the monitor"}),
        ({"demote_timeout_s": 9}, {"demote includes a stop"}),
        ({"stop_timeout_s": 61, "demote_timeout_s": 61}, {"frozen PostgreSQL is stopped"}),
        ({"wal_sender_timeout_ms": 5181}, {"silent standby is dropped"}),
        ({"wal_retrieve_retry_interval_ms": 5001}, {"standby tries again"}),
    ],
)
def test_each_rule_is_broken_by_the_value_next_to_its_bound(change: dict[str, Any], names: set[str]):
    assert {name.removesuffix(" of a cut-off primary") for name in broken(replace(FAST, **change))} == names


def test_twice_the_watchdog_alone_is_not_safe():
    # 2 x 3 s = 6 s looks right, but the cut-off side first waits out sync_timeout.
    timing = replace(FAST, qdevice_sync_timeout_ms=3000, stonith_watchdog_timeout_ms=6000)
    assert safety_margin_s(timing) == 0
    assert broken(timing) == {"safety margin of a cut-off primary"}


def test_the_suse_formula_is_asked_of_the_profile_that_promises_it():
    assert broken(replace(CAUTIOUS, stonith_watchdog_timeout_ms=29999)) == {"SUSE: fencing twice the watchdog"}
    assert broken(replace(CAUTIOUS, watchdog_s=14)) == {"SUSE: watchdog outlasts the quorum device"}
    assert broken(replace(STEADY, stonith_watchdog_timeout_ms=9999)) == set()


@pytest.mark.parametrize(
    ("timeout", "heartbeat"), [(100, 100), (125, 100), (600, 480), (2000, 1600), (10**6, 120_000)]
)
def test_the_heartbeat_of_the_quorum_device_has_bounds(timeout: int, heartbeat: float):
    assert qdevice_heartbeat_ms(replace(FAST, qdevice_timeout_ms=timeout)) == heartbeat


@pytest.mark.parametrize("timing", PROFILES.values(), ids=str)
@pytest.mark.parametrize("device", [True, False], ids=["device", "none"])
@pytest.mark.parametrize("helpers", [ALL, STOCK], ids=["helpers", "stock"])
def test_the_shortest_fencing_is_the_shortest_that_the_rules_allow(timing: Timing, device: bool, helpers: Helpers):
    here = replace(timing, quorum_device=device, helpers=helpers)
    least = least_fencing_ms(here)
    fencing = {
        "safety margin of a cut-off primary",
        "frozen corosync is reset in time",
        "SUSE: fencing twice the watchdog",
    }
    assert not broken(replace(here, stonith_watchdog_timeout_ms=least)) & fencing
    assert broken(replace(here, stonith_watchdog_timeout_ms=least - 1)) & fencing


BOTH = Fencing(("device", "watchdog"))


def test_what_concerns_levels_is_asked_where_there_are_two():
    names = {rule.name for rule in rules(replace(FAST, fencing=BOTH))} - {rule.name for rule in rules(FAST)}
    assert names == {"device before watchdog", "device gives up in time"}


def test_a_device_alone_needs_no_watchdog_s_rules():
    left = {rule.name for rule in rules(replace(FAST, fencing=Fencing(("device",))))}
    assert not {"sbd trusts the quorum", "safety margin of a cut-off primary"} & left
    assert "quorum device decides in time" in left


def test_a_watchdog_before_the_device_and_a_device_that_takes_too_long_are_found():
    assert broken(replace(FAST, fencing=Fencing(("watchdog", "device")))) == {"device before watchdog"}
    slow = replace(FAST, fencing=BOTH, device_timeout_s=58, helpers=replace(ALL, fencing_at_once=False))
    assert broken(slow) == {"device gives up in time"}
    # Where the time counts at once, the device's is part of it.
    assert broken(replace(slow, helpers=ALL)) == set()
