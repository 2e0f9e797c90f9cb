"""Which backup is due, and which log is missing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.archive.due import ClockError, due
from tuchanka.archive.gaps import expected, missing, whole_until
from tuchanka.archive.pgbackrest import NOTHING, Backup, Info
from tuchanka.postgres.wal import SEGMENT_BYTES, Segment

DAY, HOUR = 86400, 3600
FULL = Backup("F1", "full", 900, 1000, "000000010000000000000002", "000000010000000000000002", "", "", 1, 1, False)
DIFF = replace(FULL, label="D1", kind="diff", begun=1000 + 5 * HOUR, ended=1000 + 6 * HOUR)
INFO = replace(NOTHING, exists=True, backups=(FULL,))


def kind(info: Info, now: float, gap: str = "") -> str | None:
    found = due(info, now, full_s=DAY, differential_s=6 * HOUR, gap=gap)
    return found.kind if found else None


def test_the_first_backup_is_a_full_one():
    assert kind(replace(INFO, backups=()), 0) == "full"
    assert kind(NOTHING, 0) == "full"


def test_backups_become_due():
    assert kind(INFO, 1000) is None
    assert kind(INFO, 1000 + 6 * HOUR) == "diff"
    both = replace(INFO, backups=(FULL, DIFF))
    assert kind(both, 1000 + 7 * HOUR) is None
    assert kind(both, 1000 + 12 * HOUR) == "diff"
    assert kind(both, 1000 + DAY) == "full"


def test_a_gap_makes_one_due_at_once():
    found = due(INFO, 1001, full_s=DAY, differential_s=6 * HOUR, gap="000000010000000000000009")
    assert found is not None
    assert found.kind == "diff"
    assert "lacks 000000010000000000000009" in found.why


def test_a_clock_that_went_back_is_no_reason_for_a_backup():
    with pytest.raises(ClockError) as error:
        kind(INFO, 500)
    assert error.value.seconds == 500
    assert kind(INFO, 990) is None


def test_log_across_timelines():
    wanted = expected(Segment(1, 2), Segment(3, 8), {1: "0/4000100", 2: "0/6000000"}, SEGMENT_BYTES)
    assert wanted == (Segment(1, 2), Segment(1, 3), Segment(2, 4), Segment(2, 5), Segment(3, 6), Segment(3, 7))


@given(st.integers(0, 40), st.integers(0, 40), st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_what_is_missing_is_neither_archived_nor_waiting(first: int, length: int, there: set[int], ready: set[int]):
    wanted = expected(Segment(1, first), Segment(1, first + length), {}, SEGMENT_BYTES)
    archived, waiting = [{Segment(1, number) for number in numbers} for numbers in (there, ready)]
    lost = missing(wanted, archived, waiting)
    assert {one.number for one in lost} == set(range(first, first + length)) - there - ready
    whole = whole_until(wanted, archived)
    if whole is None:
        assert not wanted or wanted[0] not in archived
    else:
        assert {one for one in wanted if one.number <= whole.number} <= archived
        assert whole == wanted[-1] or Segment(1, whole.number + 1) not in archived
