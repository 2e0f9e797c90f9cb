import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.errors import LabError
from tuchanka.postgres.controldata import ControlData, lsn, parse_controldata, parse_history

# pg_controldata of PostgreSQL 17 in the C locale; what isn't read is left out.
PRIMARY = """\
pg_control version number:            1700
Database cluster state:               in production
pg_control last modified:             Sun Nov 22 20:54:03 2026
Latest checkpoint location:           0/50000D8
Latest checkpoint's REDO location:    0/5000080
Latest checkpoint's TimeLineID:       2
Latest checkpoint's PrevTimeLineID:   2
Minimum recovery ending location:     0/0
Min recovery ending loc's timeline:   0
"""
STANDBY = (
    PRIMARY.replace("in production", "in archive recovery")
    .replace("ending location:     0/0", "ending location:     1/1A0")
    .replace("loc's timeline:   0", "loc's timeline:   3")
)
HISTORY = """\
1\t0/5000148\tno recovery target specified

2\t1/A0\tno recovery target specified
"""

NUMBERS = st.integers(min_value=0, max_value=2**64 - 1)


def text(number: int) -> str:
    """As PostgreSQL writes it: %X/%X."""
    return f"{number >> 32:X}/{number & 0xFFFFFFFF:X}"


@given(NUMBERS)
def test_a_position_is_a_number(number: int):
    assert lsn(text(number)) == number
    assert lsn(text(number).lower()) == number


@given(NUMBERS, NUMBERS)
def test_positions_are_in_order(one: int, other: int):
    assert (lsn(text(one)) < lsn(text(other))) == (one < other)


def test_letters_say_nothing_of_the_order():
    assert lsn("0/A000000") < lsn("0/10000000") < lsn("1/0") < lsn("F/FFFFFFFF") < lsn("10/0")


def test_a_primary_vouches_for_its_checkpoint():
    assert parse_controldata(PRIMARY) == ControlData("in production", 2, "0/50000D8")


def test_a_standby_vouches_for_the_end_of_its_recovery():
    assert parse_controldata(STANDBY) == ControlData("in archive recovery", 3, "1/1A0")


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "pg_controldata: fatal: could not open file",
        PRIMARY.replace("Latest checkpoint location", "Letzter Checkpoint"),
        PRIMARY.replace("0/50000D8", "nowhere"),
        PRIMARY.replace("TimeLineID:       2", "TimeLineID:       two"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: str):
    with pytest.raises(LabError, match="tuchanka2a: pg_controldata makes no sense"):
        parse_controldata(wrong, where="tuchanka2a")


@given(st.text())
def test_any_text_is_read_or_refused(anything: str):
    with pytest.raises(LabError):
        parse_controldata(anything)
    parse_history(anything)


def test_a_timeline_history():
    assert parse_history(HISTORY) == {1: "0/5000148", 2: "1/A0"}
    assert parse_history("") == {}
