import contextlib
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.errors import InputError
from tuchanka.heartbeat.config import Config, InstanceConfig, Probe, Reader, from_json, to_json
from tuchanka.heartbeat.schema import found_ranges
from tuchanka.services.heartbeat import grants

INSTANCE = InstanceConfig(
    name="krogan2",
    port=5432,
    database="heartbeat",
    user="heartbeat",
    password="hush-4711",
    primary="192.168.89.103",
    readers=(Reader("krogan2s1", "192.168.89.104"),),
    probes=(Probe("tuchanka2a", "192.168.89.11"), Probe("tuchanka2b", "192.168.89.12")),
)
CONFIG = Config(run="trial-1", instances=(INSTANCE,))


def test_there_and_back() -> None:
    assert "\n" not in to_json(CONFIG)
    assert from_json(to_json(CONFIG)) == CONFIG


def test_the_password_is_not_in_the_repr() -> None:
    assert "hush" not in repr(CONFIG)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"rate":10.0', '"rate":0'),
        ('"rate":10.0', '"rate":"fast"'),
        ('"rate":10.0', '"rate":1e9'),
        ('"deadline_s":1.0', '"deadline_s":-1'),
        ('"duration_s":null', '"duration_s":0'),
        ('"192.168.89.103"', '"krogan2.tuchanka"'),
        ('"trial-1"', '"x\'; DROP TABLE beat"'),
        ('"run"', '"walk"'),
        ('"vip"', '"VIP"'),
        ("{", ""),
    ],
)
def test_bad_configs_are_refused_without_showing_them(old: str, new: str) -> None:
    line = to_json(CONFIG).replace(old, new, 1)
    with pytest.raises(InputError) as caught:
        from_json(line)
    assert "hush" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_config_or_an_input_error(line: str) -> None:
    with pytest.raises(InputError):
        from_json(line)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=3), st.lists, max_leaves=5))
def test_any_value_of_any_key_is_a_config_or_an_input_error(value: object) -> None:
    for key in ("run", "instances", "rate", "deadline_s", "duration_s"):
        values = json.loads(to_json(CONFIG))
        values[key] = value
        with contextlib.suppress(InputError):
            from_json(json.dumps(values))


def test_the_recorder_says_what_is_wrong_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tuchanka.heartbeat"], input=b"{}\n", capture_output=True, timeout=20, check=False
    )
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode().startswith("heartbeat: standard input: not a config")
    assert done.stderr.count(b"\n") == 1


def test_no_input_is_an_input_error() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tuchanka.heartbeat"], input=b"", capture_output=True, timeout=20, check=False
    )
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)


def test_sql_is_quoted() -> None:
    assert [statement.endswith(' TO "a""b"') for statement in grants('a"b')] == [True, True]
    with pytest.raises(InputError):
        found_ranges("x' OR true")
