"""What is said of an archive: its gaps, its findings, and what a check of its files found."""

from dataclasses import replace
from pathlib import Path

from tuchanka.archive.backup import damaged
from tuchanka.archive.pgbackrest import parse_info
from tuchanka.archive.status import ArchiveStatus, Gap, ranges
from tuchanka.postgres.wal import SEGMENT_BYTES, Segment

BACKUPS = parse_info(Path(__file__).with_name("info.json").read_text(encoding="utf-8")).backups
WHOLE = ArchiveStatus("krogan2", "tuchanka2a", "000000010000000000000004", 3.0, 0, 0, False, BACKUPS, ())
VERIFIED = """\
stanza: krogan2
status: ok
  archiveId: 17-1, total WAL checked: 50, total valid WAL: 50
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261127-193213F, status: valid, total files checked: 1265, total valid files: 1265
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
"""


def test_what_is_missing_is_told_in_ranges():
    missing = tuple(Segment(1, number) for number in (3, 4, 5, 9, 10))
    assert ranges(missing, Segment(1, 7), SEGMENT_BYTES) == (
        Gap("000000010000000000000003", "000000010000000000000005", 3, known=True),
        Gap("000000010000000000000009", "00000001000000000000000A", 2, known=False),
    )
    assert ranges(missing[:1], None, SEGMENT_BYTES)[0].known is False
    assert ranges((), None, SEGMENT_BYTES) == ()


def test_a_whole_archive_has_no_findings():
    assert WHOLE.findings == ()
    known = Gap("000000010000000000000003", "000000010000000000000003", 1, known=True)
    assert replace(WHOLE, gaps=(known,)).findings == ()


def test_findings():
    unknown = Gap("000000010000000000000009", "000000010000000000000009", 1, known=False)
    assert replace(WHOLE, gaps=(unknown,)).findings == (
        "the log from 000000010000000000000009 on is missing, and no backup has been made since",
    )
    assert replace(WHOLE, failing=True).findings == ("the last push has failed",)
    assert replace(WHOLE, backups=()).findings == ("there is no backup yet",)
    assert replace(WHOLE, backups=(), problem="no route").findings == ("the store can't be asked: no route",)
    bad = replace(BACKUPS[0], failed=True)
    assert replace(WHOLE, backups=(bad,)).findings == ("the backup 20261127-191051F has pages with wrong checksums",)


def test_a_check_that_found_nothing():
    assert damaged(VERIFIED) == ()


def test_a_check_that_found_something_names_what():
    text = VERIFIED.replace("status: ok", "status: error").replace("checksum invalid: 0", "checksum invalid: 1", 1)
    assert damaged(text) == ("archiveId: 17-1: missing: 0, checksum invalid: 1, size invalid: 0, other: 0",)


def test_a_check_that_says_something_else():
    assert damaged("stanza: krogan2\nstatus: error\n  no archive exists\n") == (
        "pgbackrest verify: stanza: krogan2 status: error no archive exists",
    )
