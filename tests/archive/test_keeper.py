"""The keeper: what it does follows from what is there. Its commands are answered by the test."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tuchanka.archive import keeper
from tuchanka.archive.keeper import Failure
from tuchanka.services.archive.kept import Kept, keeper_json, read_kept

KEPT = Kept("k", 17, 5432, full_s=86400, differential_s=21600)
INFO = json.loads(Path(__file__).with_name("info.json").read_text(encoding="utf-8"))
NAMES = [f"00000001{number:016X}" for number in range(3, 8)]


class Node:
    """A primary that writes to 000000010000000000000007, and an archive."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wal = folder / "data" / "pg_wal"
        (self.wal / "archive_status").mkdir(parents=True)
        self.sockets = folder / "run"
        self.sockets.mkdir()
        self.archived = set(NAMES[:4])
        self.histories: set[str] = set()
        self.current = NAMES[4]
        self.info = json.loads(json.dumps(INFO))
        self.asked: list[str] = []
        # The newest backup is of now, so that none is due by its age.
        for backup in self.info[0]["backup"]:
            backup["timestamp"] = {"start": int(time.time()) - 2, "stop": int(time.time()) - 1}
        monkeypatch.setattr(keeper, "SOCKETS", str(self.sockets))
        monkeypatch.setattr(keeper, "run", self.run)
        monkeypatch.setattr(keeper.InstancePaths, "data", property(lambda _: str(folder / "data")))

    def run(self, argv: Sequence[str], timeout: float, *, stdin: str = "") -> str:
        assert timeout > 0
        words = " ".join(argv)
        if words.endswith(" info"):
            return json.dumps(self.info)
        if "--filter=" in words:
            return json.dumps({key: {} for key in self.histories})
        if "repo-ls" in words:
            return json.dumps({f"{name}-abc.zst": {} for name in self.archived if name[:16] == argv[-1][-16:]})
        if "psql" in words and "pg_walfile_name" in stdin:
            return f"{self.current}|16777216\n"
        self.asked.append(stdin or " ".join(argv[2:] if argv[0] == "pgbackrest" else argv))
        if argv[-2:-1] == ["archive-push"]:
            self.archived.add(Path(argv[-1]).name)
        return ""

    def keep(self) -> list[str]:
        self.asked.clear()
        keeper.keep(KEPT)
        return self.asked


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    return Node(tmp_path, monkeypatch)


def test_a_whole_archive_is_left_alone(node: Node):
    assert node.keep() == []


def test_it_begins_an_archive_and_makes_the_first_backup(node: Node):
    node.info = []
    assert node.keep() == ["stanza-create", "--type=full backup"]


def test_what_an_old_primary_had_not_pushed_is_pushed(node: Node):
    node.archived -= {NAMES[1], NAMES[2]}
    for name in NAMES:
        (node.wal / name).touch()
    assert node.keep() == [f"archive-push {node.wal}/{name}" for name in NAMES[1:3]]
    assert node.keep() == []


def test_what_waits_for_the_archiver_is_its(node: Node):
    node.archived -= {NAMES[3]}
    (node.wal / NAMES[3]).touch()
    (node.wal / "archive_status" / f"{NAMES[3]}.ready").touch()
    assert node.keep() == []


def test_a_gap_that_nobody_can_close_asks_for_a_backup(node: Node):
    node.archived -= {NAMES[1]}
    assert node.keep() == ["--type=diff backup"]


def test_a_history_that_is_missing_is_pushed(node: Node):
    node.current = NAMES[4].replace("00000001", "00000003", 1)
    (node.wal / "00000002.history").write_text("1\t0/7000000\tx\n")
    (node.wal / "00000003.history").write_text("1\t0/7000000\tx\n2\t0/7000000\tx\n")
    node.histories = {"00000003.history"}
    assert node.keep() == [f"archive-push {node.wal}/00000002.history"]
    # What was whole is remembered, and is not looked at again on this timeline.
    (node.sockets / "k.archive-whole").write_text(f"{node.info[0]['backup'][-1]['label']} 00000003{NAMES[3][8:]}\n")
    assert node.keep() == []


def test_what_failed_while_the_store_was_away_is_tried_at_once(node: Node):
    (node.sockets / "k.push-failed").write_text("1\n")
    assert node.keep() == ["SELECT pg_reload_conf();"]
    assert node.keep() == []


def test_a_clock_that_went_back_is_one_line(node: Node):
    for backup in node.info[0]["backup"]:
        backup["timestamp"]["stop"] = int(time.time()) + 7200
    with pytest.raises(Failure, match=r"^the clock is \d+ s behind the newest backup: set it$"):
        node.keep()


def test_a_store_that_is_away_is_one_line(node: Node):
    node.info = [{"repo": [{"status": {"message": "[X] unable to connect"}}], "status": {"code": 99}}]
    with pytest.raises(Failure, match=r"^the store can't be asked: unable to connect$"):
        node.keep()


def test_commands_that_fail_hang_or_are_not_there():
    with pytest.raises(Failure, match=r"^'sh -c .*' failed: unable to open$|failed: unable to open"):
        keeper.run(["sh", "-c", "echo '2026 P00  ERROR: [025]: unable to open' >&2; exit 25"], 5)
    with pytest.raises(Failure, match="had not ended after 0 s"):
        keeper.run(["sleep", "5"], 0.2)
    with pytest.raises(Failure, match="can't be run: No such file"):
        keeper.run(["no-such-program"], 5)


def test_its_settings_are_read_as_they_were_written():
    assert read_kept(keeper_json([KEPT]), "k") == KEPT
