from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.postgres.effective import GUARDED, boolean, commit_level, effective, given_up, limit, weaknesses
from tuchanka.topology.load import load

SYNCHRONOUS = load(None).cluster("tuchanka4").instances[0]
ASYNCHRONOUS = load(None).cluster("tuchanka2").instances[0]
VALUES = st.sampled_from(["off", "on", "0", "1", "local", "remote_write", "5s", "nonsense", ""]) | st.text(max_size=6)


@given(st.data())
def test_every_beginning_of_a_boolean_word_is_read_in_any_case(data: st.DataObject):
    word, value = data.draw(st.sampled_from([("true", "on"), ("yes", "on"), ("false", "off"), ("no", "off")]))
    beginning = word[: data.draw(st.integers(1, len(word)))]
    assert boolean(data.draw(st.sampled_from([beginning, beginning.upper(), beginning.capitalize()]))) == value


# As PostgreSQL 15 prints them with "postgres -C fsync -c fsync=VALUE" and so on; None where it refuses them.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("on", "on"), ("1", "on"), ("off", "off"), ("of", "off"), ("OF", "off"), ("0", "off")),
        *((text, None) for text in ("o", "", " on", "on ", "onx", "offf", "00", "01", "2", "truee", "-1")),
    ],
)
def test_booleans(text: str, value: str | None):
    assert boolean(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, "on") for text in ("on", "ON", "true", "yes", "1")),
        *((text, "off") for text in ("off", "Off", "false", "no", "0")),
        *(("LOCAL", "local"), ("Remote_Write", "remote_write"), ("remote_apply", "remote_apply")),
        *((text, None) for text in ("", "t", "of", "loc", "remote", " on", "2")),
    ],
)
def test_levels_of_a_commit_are_whole_words(text: str, value: str | None):
    assert commit_level(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, "none") for text in ("0", "0.0", "0x0", "00", "0ms", "0 s", ".0", "+0", "0.", "0e5")),
        *((text, "some") for text in ("1", "1e3", "0x10s", " 7 ", "010", "0.5s", "1min")),
        *((text, None) for text in ("", "off", "5q", "-1", "1 0", "s")),
    ],
)
def test_limits(text: str, value: str | None):
    assert limit(text) == value


@given(st.dictionaries(st.sampled_from([*GUARDED, "app.fsync", "work_mem"]), VALUES))
def test_settings_have_the_last_word_and_nothing_else_weakens(settings: dict[str, str]):
    instance = replace(SYNCHRONOUS, settings=settings)
    values = effective(instance)
    assert set(values) == {*GUARDED, *(settings.keys() - {"work_mem"})}
    assert {name for name in GUARDED if values[name] != effective(SYNCHRONOUS)[name]} <= settings.keys()
    assert {weakness.parameter for weakness in weaknesses(instance)} <= settings.keys()
    assert given_up(instance) == {one for weakness in weaknesses(instance) for one in weakness.guarantees}


def test_without_settings_nothing_is_given_up():
    for instance in (SYNCHRONOUS, ASYNCHRONOUS):
        assert given_up(instance) == frozenset()


@pytest.mark.parametrize(
    ("name", "value", "guarantees"),
    [
        ("synchronous_commit", "off", {"durable", "replicated"}),
        ("synchronous_commit", "local", {"replicated"}),
        ("synchronous_commit", "remote_write", {"replicated"}),
        ("synchronous_commit", "remote_apply", set()),
        ("app.synchronous_commit", "off", {"durable", "replicated"}),
        ("fsync", "f", {"durable", "replicated", "undamaged"}),
        ("full_page_writes", "no", {"durable", "undamaged"}),
        ("data_sync_retry", "on", {"durable", "undamaged"}),
        ("zero_damaged_pages", "on", {"durable", "undamaged"}),
        ("ignore_checksum_failure", "on", {"undamaged"}),
        ("ignore_invalid_pages", "on", {"durable", "undamaged"}),
        ("statement_timeout", "5s", {"replicated"}),
        ("statement_timeout", "0", set()),
        ("work_mem", "off", set()),
    ],
)
def test_what_each_setting_gives_up(name: str, value: str, guarantees: set[str]):
    assert given_up(replace(SYNCHRONOUS, settings={name: value})) == guarantees


def test_a_limit_of_statements_gives_nothing_up_where_no_commit_waits_for_a_standby():
    assert weaknesses(replace(ASYNCHRONOUS, settings={"statement_timeout": "5s"})) == ()
