"""Up to where a restore goes, and what is refused before anything is touched."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.archive.pgbackrest import NOTHING, parse_info
from tuchanka.archive.target import LATEST, Target, check_target, make_target
from tuchanka.errors import InputError

INFO = parse_info(Path(__file__).with_name("info.json").read_text(encoding="utf-8"))
FIRST = INFO.backups[0].ended


def target(at: str | None = None, position: str | None = None, *, latest: bool = False) -> Target:
    return make_target(at=at, position=position, latest=latest, timezone="Europe/Berlin")


def test_a_time_without_a_zone_is_the_topology_s():
    assert target("2026-11-27 14:05:00").at == datetime(2026, 11, 27, 13, 5, tzinfo=UTC)
    assert target("2026-11-27T14:05:00+00:00").at == datetime(2026, 11, 27, 14, 5, tzinfo=UTC)
    assert str(target("2026-11-27 14:05:00.250")) == "2026-11-27 13:05:00.25 UTC"


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 - what a user writes
def test_a_time_keeps_its_microseconds(time: datetime):
    (option,) = [one for one in target(f"{time.isoformat()}+00:00").options if one.startswith("--target=")]
    assert datetime.fromisoformat(option.removeprefix("--target=")) == time.replace(tzinfo=UTC)


def test_positions_and_the_end():
    assert target(position="0/3000abc").options == ["--type=lsn", "--target=0/3000ABC", "--target-action=promote"]
    assert target(latest=True) == LATEST
    assert LATEST.options == ["--type=default"]
    assert str(LATEST) == "the end of the archive"


@pytest.mark.parametrize(
    ("at", "position", "latest", "what"),
    [
        (None, None, False, "up to where"),
        ("2026-11-27", "0/1", False, "up to where"),
        (None, "0/1", True, "up to where"),
        ("yesterday", None, False, "isn't a time"),
        (None, "0/1; drop", False, "isn't a position"),
        (None, "0/123456789", False, "isn't a position"),
    ],
)
def test_what_can_not_be_read(at: str | None, position: str | None, latest: bool, what: str):
    with pytest.raises(InputError, match=what) as caught:
        make_target(at=at, position=position, latest=latest, timezone="Etc/UTC")
    assert "\n" not in str(caught.value)


def refused(wanted: Target, now: float = FIRST + 100.0) -> str:
    with pytest.raises(InputError) as caught:
        check_target(wanted, INFO, now, "krogan2")
    return str(caught.value)


def test_what_the_archive_can_not_have():
    before = Target("time", at=datetime.fromtimestamp(FIRST - 1, UTC))
    assert "is before the end of the first backup; the first time is " in refused(before)
    assert "is in the future; say --latest" in refused(Target("time", at=datetime.fromtimestamp(FIRST + 101, UTC)))
    assert refused(Target("lsn", position="0/1")) == (
        "0/1 is before the end of the first backup; the first position is 0/2000120"
    )
    with pytest.raises(InputError, match="krogan2 has no backup"):
        check_target(LATEST, NOTHING, 0, "krogan2")


def test_what_it_can_have():
    for wanted in (
        LATEST,
        Target("time", at=datetime.fromtimestamp(FIRST, UTC)),
        Target("lsn", position="0/2000120"),
    ):
        check_target(wanted, INFO, FIRST, "krogan2")
    # A backup of before positions were recorded says nothing of them.
    old = replace(INFO, backups=(replace(INFO.backups[0], stop=""),))
    check_target(Target("lsn", position="0/1"), old, FIRST, "krogan2")
