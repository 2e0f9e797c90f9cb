"""The log as files and records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.postgres.wal import (
    NO_LOG,
    SEGMENT_BYTES,
    Segment,
    common_redo,
    holds,
    newest_run,
    parse_segment,
    parse_waldump,
    segment_name,
    segments,
)

# pg_waldump 17 --rmgr=XLOG
DUMP = """\
rmgr: XLOG        len (rec/tot):    114/   114, tx:          0, lsn: 0/03000028, prev 0/02000120, \
desc: CHECKPOINT_SHUTDOWN redo 0/3000028; tli 1; prev tli 1; fpw true; wal_level replica
rmgr: XLOG        len (rec/tot):     30/    30, tx:          0, lsn: 0/03055F38, prev 0/03055F00, \
desc: CHECKPOINT_REDO wal_level replica
rmgr: XLOG        len (rec/tot):    114/   114, tx:          0, lsn: 0/03055F90, prev 0/03055F58, \
desc: CHECKPOINT_ONLINE redo 0/3055F38; tli 2; prev tli 2; fpw true
pg_waldump: error: error in WAL record at 0/3056020: invalid record length at 0/3056058: expected at least 24, got 0
"""


def test_a_dump_says_the_last_record_and_the_checkpoints():
    log = parse_waldump(DUMP)
    assert log.last == "0/3056020"
    assert log.checkpoints == (("0/03000028", "0/3000028"), ("0/03055F90", "0/3055F38"))
    assert parse_waldump("pg_waldump: error: could not find file") == NO_LOG


def test_the_checkpoint_before_the_parting():
    log = parse_waldump(DUMP)
    assert common_redo(log, 0x3055F91, 0x3000000) == "0/3055F38"
    assert common_redo(log, 0x3055F90, 0x3000000) == "0/3000028"
    assert common_redo(log, 0x3000028, 0x3000000) is None
    assert common_redo(log, 0x3055F90, 0x3000029) is None


@pytest.mark.parametrize("name", ["00000002.history", "000000020000000000000003.partial", "archive_status", ""])
def test_other_files_are_no_segments(name: str):
    assert parse_segment(name) is None


@given(
    st.integers(1, 2**32 - 1),
    st.integers(0, 2**64 - 1),
    st.sampled_from([1 << 20, SEGMENT_BYTES, 1 << 30]),
)
def test_names_and_segments(timeline: int, position: int, segment_bytes: int):
    segment = Segment(timeline, position // segment_bytes)
    assert parse_segment(segment_name(segment, segment_bytes), segment_bytes) == segment


def test_the_run_that_holds_a_position():
    found = segments(f"{name:024X}" for name in (2 << 64, (2 << 64) + 2, (2 << 64) + 3, (1 << 64) + 1))
    assert newest_run(found, 2, 3 * SEGMENT_BYTES + 5, SEGMENT_BYTES) == Segment(2, 2)
    assert newest_run(found, 2, 0, SEGMENT_BYTES) == Segment(2, 0)
    assert newest_run(found, 2, 4 * SEGMENT_BYTES, SEGMENT_BYTES) is None


@given(st.sets(st.integers(0, 6)), st.integers(0, 6), st.integers(0, 6))
def test_a_log_is_whole_only_if_no_segment_is_missing(numbers: set[int], begin: int, end: int):
    found = [Segment(1 + number % 2, number) for number in numbers]
    whole = holds(found, {1, 2}, begin * 16, end * 16 + 15, 16)
    assert whole == ({*range(begin, end + 1)} <= numbers)
