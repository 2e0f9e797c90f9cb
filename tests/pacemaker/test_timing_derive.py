from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.errors import TopologyError
from tuchanka.stacks.pacemaker.timing.derive import KEYS, derive, timing_of
from tuchanka.stacks.pacemaker.timing.predict import SLACK_S, predict_power_off, safety_margin_s
from tuchanka.stacks.pacemaker.timing.profiles import FAST, PROFILES
from tuchanka.stacks.pacemaker.timing.rules import rules
from tuchanka.topology.load import load
from tuchanka.topology.types import ALL, STOCK, Helpers

DEFAULT = load(None)


@pytest.mark.parametrize("profile", PROFILES)
def test_without_overrides_it_is_the_profile(profile: str):
    assert derive(replace(DEFAULT, profile=profile)) == PROFILES[profile]


def test_an_override_replaces_one_timeout():
    assert derive(replace(DEFAULT, overrides={"watchdog_s": 4.0})) == replace(FAST, watchdog_s=4)


EXAMPLES = Path(__file__).parents[2] / "examples"
THREE = load(EXAMPLES / "three-sites.toml")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("helpers", [ALL, STOCK], ids=["helpers", "stock"])
def test_a_cluster_without_a_quorum_device_waits_less_and_keeps_every_rule(profile: str, helpers: Helpers):
    here = replace(THREE, profile=profile, helpers=helpers)
    timing = timing_of(here, here.clusters[0])
    assert not timing.quorum_device
    assert [rule.name for rule in rules(timing) if not rule.holds] == []
    assert safety_margin_s(timing) >= SLACK_S
    witnessed = timing_of(here, replace(here.clusters[0], witness=True))
    assert timing.stonith_watchdog_timeout_ms <= witnessed.stonith_watchdog_timeout_ms
    changed = {"stonith_watchdog_timeout_ms": derive(here).stonith_watchdog_timeout_ms, "quorum_device": True}
    assert replace(timing, **changed) == derive(here)


def test_the_loss_of_one_of_three_nodes_is_over_sooner_without_a_quorum_device():
    (cluster,) = THREE.clusters
    timing = timing_of(THREE, cluster)
    assert FAST.stonith_watchdog_timeout_ms - timing.stonith_watchdog_timeout_ms == 500
    assert predict_power_off(FAST).seconds - predict_power_off(timing).seconds == pytest.approx(0.5)


def test_what_the_topology_says_itself_is_left_as_it_is():
    said = replace(THREE, overrides={"stonith_watchdog_timeout_ms": 9000})
    assert timing_of(said, said.clusters[0]).stonith_watchdog_timeout_ms == 9000
    # A longer watchdog that nobody made room for is the lint's to find, not something to be hidden.
    said = replace(THREE, overrides={"watchdog_s": 9})
    assert any(not rule.holds for rule in rules(timing_of(said, said.clusters[0])))


def test_without_the_watch_a_lost_node_is_waited_for_as_long_as_a_frozen_corosync_lives():
    plain = replace(DEFAULT, profile="fast", helpers=STOCK)
    for cluster in plain.clusters:
        timing = timing_of(plain, cluster)
        assert timing.stonith_watchdog_timeout_ms == 4620 > FAST.stonith_watchdog_timeout_ms
        assert all(rule.holds for rule in rules(timing))


def test_a_cluster_with_a_quorum_device_has_the_profile_as_it_is():
    for cluster in DEFAULT.clusters:
        assert timing_of(DEFAULT, cluster) == derive(DEFAULT)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, float("nan"), float("inf"), 3601, "5", None])
def test_a_wrong_value_names_its_key(value: object):
    with pytest.raises(TopologyError, match=r"^default\.toml: timing\.watchdog_s: must be a whole number of seconds"):
        derive(replace(DEFAULT, overrides={"watchdog_s": value}))  # type: ignore[dict-item]


def test_an_unknown_key_names_the_nearest():
    with pytest.raises(TopologyError, match=r"timing\.watchdog: there is no such timeout; did you mean watchdog_s\?"):
        derive(replace(DEFAULT, overrides={"watchdog": 1}))


def test_the_profile_is_no_override():
    with pytest.raises(TopologyError, match=r"timing\.profile"):
        derive(replace(DEFAULT, overrides={"profile": 1}))


def test_an_unknown_profile_names_the_choice():
    with pytest.raises(TopologyError, match=r"profile: .*'hasty'; choose from: fast, steady, cautious"):
        derive(replace(DEFAULT, profile="hasty"))


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), st.integers() | st.floats(), max_size=4))
def test_any_overrides_give_a_timing_or_a_one_line_error(overrides: dict[str, float]):
    line = ""
    timing = FAST
    try:
        timing = derive(replace(DEFAULT, overrides=overrides))
    except TopologyError as error:
        line = str(error)
    assert "\n" not in line
    assert line or {key: getattr(timing, key) for key in overrides} == overrides
