"""What pgBackRest says, read: answers of version 2.55.1 as they were written."""

import json
from pathlib import Path

import pytest

from tuchanka.archive import pgbackrest
from tuchanka.archive.pgbackrest import NOTHING, Unavailable, parse_info, parse_list, reason
from tuchanka.postgres.wal import Segment

INFO = Path(__file__).with_name("info.json").read_text(encoding="utf-8")
MISSING = (
    '[{"archive":[],"backup":[],"cipher":"none","db":[],"name":"k","repo":[{"cipher":"none","key":1,"status":'
    '{"code":1,"message":"missing stanza path"}}],"status":{"code":1,"lock":{"backup":{"held":false}},'
    '"message":"missing stanza path"}}]'
)
EMPTY = (
    '[{"archive":[{"database":{"id":1,"repo-key":1},"id":"17-1","max":null,"min":null}],"backup":[],"cipher":"none",'
    '"db":[{"id":1,"repo-key":1,"system-id":7712930833465707688,"version":"17"}],"name":"k","repo":[{"cipher":"none",'
    '"key":1,"status":{"code":2,"message":"no valid backups"}}],"status":{"code":2,"lock":{"backup":{"held":true}},'
    '"message":"no valid backups"}}]'
)
REFUSED = "[HostConnectError] unable to connect to '127.0.0.1:4444': [111] Connection refused\n    [x] on 6 retries"


def test_backups_and_the_newest_log():
    info = parse_info(INFO)
    assert (info.exists, info.archive_id, info.newest) == (True, "17-1", "000000010000000000000004")
    assert [one.kind for one in info.backups] == ["full", "diff"]
    assert (info.last, info.last_full) == (info.backups[1], info.backups[0])
    assert info.backups[0].label == "20261127-191051F"
    assert (info.backups[1].first, info.backups[1].stop) == ("000000010000000000000003", "0/4000050")
    assert (info.backups[1].size, info.backups[1].stored, info.running) == (23421996, 370, False)


def test_an_archive_that_is_not_there_or_empty():
    assert parse_info("[]") == NOTHING
    assert parse_info(MISSING) == NOTHING
    empty = parse_info(EMPTY)
    assert (empty.exists, empty.newest, empty.backups, empty.running) == (True, "", (), True)


def test_a_store_that_does_not_answer():
    text = json.dumps([{"repo": [{"status": {"code": 99, "message": REFUSED}}], "status": {"code": 99}}])
    with pytest.raises(Unavailable, match=r"^unable to connect to '127\.0\.0\.1:4444': \[111\] Connection refused$"):
        parse_info(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "2026-11-27 19:12:04 P00  ERROR: [103]: unable to find a valid repository\n",
            "unable to find a valid repository",
        ),
        ("2026 P00   WARN: slow\n2026 P00  ERROR: [049]: unable to connect\n  HINT: x", "unable to connect"),
        ("", "it says nothing"),
        ("some words\n", "some words"),
    ],
)
def test_the_line_that_says_why(text: str, line: str):
    assert reason(text) == line


def test_a_list_has_segments_and_nothing_else():
    names = (
        ".",
        "000000010000000000000001-9df8af0d0e8d069f624ba2fcf5d02236715a56e5.zst",
        "000000010000000000000002.00000028.backup",
        "000000020000000100000003-f047e84a37ae9c99bdc8290b679d177de30bcf7f.zst",
        "00000002.history",
        "000000010000000000000004.partial-9df8af0d0e8d069f624ba2fcf5d02236715a56e5.zst",
    )
    found = parse_list(json.dumps({name: {"type": "file"} for name in names}))
    assert found == {Segment(1, 1), Segment(2, 259)}


def test_folders_are_each_listed_once():
    names = ["000000010000000000000001", "000000010000000000000002", "000000020000000100000003"]
    assert pgbackrest.folders(names) == ("0000000100000000", "0000000200000001")
