from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.errors import TopologyError
from tuchanka.stacks.pacemaker.timing.derive import KEYS, derive
from tuchanka.stacks.pacemaker.timing.profiles import FAST, PROFILES
from tuchanka.topology.load import load

DEFAULT = load(None)


@pytest.mark.parametrize("profile", PROFILES)
def test_without_overrides_it_is_the_profile(profile: str):
    assert derive(replace(DEFAULT, profile=profile)) == PROFILES[profile]


def test_an_override_replaces_one_timeout():
    assert derive(replace(DEFAULT, overrides={"watchdog_s": 4.0})) == replace(FAST, watchdog_s=4)


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
