"""What is done with an archive on machines, in which order, and what a failure leaves; the machines are fake."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from tuchanka.archive import aside as asides
from tuchanka.archive.aside import Aside
from tuchanka.archive.backup import make_backup, push_all, verify_files
from tuchanka.archive.look import info, look_at_archive
from tuchanka.archive.pgbackrest import Unavailable
from tuchanka.archive.refill import refill
from tuchanka.archive.restore import delta_restore
from tuchanka.archive.target import LATEST, Target
from tuchanka.errors import CommandFailed, DeadlineExceeded, LabError
from tuchanka.instance_paths import InstancePaths
from tuchanka.postgres.wal import SEGMENT_BYTES, Segment
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import Answer, FakeMachine, FakeProvider

INFO = Path(__file__).with_name("info.json").read_text(encoding="utf-8")
PATHS = InstancePaths(17, "krogan2")
TARGET = Target("lsn", position="0/5000000")
ASIDE = Aside("krogan2", 17, "a", 5499)
BROKEN = CommandFailed("a", "pgbackrest", 25, "2026 P00  ERROR: [025]: unable to open\n")


def says(text: str) -> Completed:
    return Completed(0, text, "")


def machine(*script: tuple[str, Answer]) -> FakeMachine:
    made = FakeProvider(script).machine("a")
    asyncio.run(made.power_on())
    return made


def asked(made: FakeMachine, words: Sequence[str]) -> list[str]:
    """Return which of the words was in which command, in order."""
    commands = [f"{step.what} {step.stdin}" for step in made.provider.steps]
    return [word for command in commands for word in words if word in command]


def nothing(_: str) -> None: ...


def test_a_delta_restore_marks_the_data_until_it_is_whole():
    made = machine()
    asyncio.run(delta_restore(made, PATHS))
    words = ("touch ", "--delta --pg1-path=/var/lib/postgresql/17/krogan2 --type=standby restore", "sed -i", "rm -f ")
    assert asked(made, words) == list(words)


def test_one_that_fails_leaves_the_mark():
    made = machine((" restore", BROKEN))
    with pytest.raises(CommandFailed):
        asyncio.run(delta_restore(made, PATHS))
    assert asked(made, ("touch ", "rm -f ")) == ["touch "]


def test_an_empty_folder_is_restored_without_delta():
    made = machine(("test -e", Completed(1, "", "")))
    asyncio.run(delta_restore(made, PATHS))
    assert asked(made, ("--delta",)) == []


def test_a_refill_up_to_a_target_ends_as_a_stopped_standby():
    made = machine(("psql", says("f\n")))
    asyncio.run(refill(made, PATHS, 5432, TARGET, nothing))
    words = (
        *("krogan2.rewinding && sync", "--type=lsn --target=0/5000000 --target-action=promote restore"),
        *("hot_standby=off", "pg_is_in_recovery", "sed -i", "standby.signal", "rm -f "),
    )
    assert asked(made, words) == list(words)
    started = next(step.what for step in made.provider.steps if "hot_standby=off" in step.what)
    assert "-c archive_mode=off -c primary_conninfo=" in started


def test_log_that_ends_before_the_target_is_one_line():
    fatal = "recovery ended before configured recovery target was reached"
    made = machine(
        ("psql", Completed(2, "", "no server")),
        ("pg_ctl status", Completed(3, "", "")),
        ("journalctl", says(f"FATAL:  {fatal}\n")),
    )
    with pytest.raises(LabError) as caught:
        asyncio.run(refill(made, PATHS, 5432, TARGET, nothing))
    assert str(caught.value).startswith(f"a: krogan2: the recovery did not come to 0/5000000: {fatal}; ")
    assert asked(made, ("rm -f /var",)) == []


def test_a_refill_up_to_the_end_replays_everything_that_the_archive_has():
    made = machine(("info", says(INFO)), ("psql", says("0/4000050\n")))
    asyncio.run(refill(made, PATHS, 5432, LATEST, nothing))
    words = ("--type=standby restore", "pg_last_wal_replay_lsn", "rm -f ")
    assert list(dict.fromkeys(asked(made, words))) == list(words)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("/var/lib/postgresql/17/krogan2.aside\n@@\n@@\nAvail\n99999999999\n", "stands aside there already"),
        ("@@\nLISTEN 0 200\n@@\nAvail\n99999999999\n", "the port 5499 is taken"),
        ("@@\n@@\nAvail\n1000\n", "the backup takes 1024 MiB, 0 MiB are free"),
    ],
)
def test_what_can_not_stand_aside(answer: str, what: str):
    made = machine(("ls -d", says(answer)))
    with pytest.raises(LabError, match=what):
        asyncio.run(asides.check(made, ASIDE, 1 << 30))
    assert [step.verb for step in made.provider.steps].count("put") == 0


def test_a_server_aside_touches_nothing_of_the_instance():
    made = machine(
        ("ls -d", says("@@\n@@\nAvail\n99999999999\n")),
        ("psql", says("f\n")),
    )
    asyncio.run(asides.check(made, ASIDE, 1 << 20))
    asyncio.run(asides.make(made, ASIDE, TARGET, "10.0.0.0/24", nothing))
    conf = made.files["/etc/postgresql/17/krogan2.aside/postgresql.conf"].content
    assert "include '/etc/postgresql/17/krogan2/postgresql.conf'" in conf
    assert "data_directory = '/var/lib/postgresql/17/krogan2.aside'" in conf
    assert "archive_mode = off" in conf
    touched = [step.what for step in made.provider.steps if "/var/lib/postgresql/17/krogan2" in step.what]
    assert all("/var/lib/postgresql/17/krogan2.aside" in what for what in touched)
    assert asked(made, ("systemd-run", "--uid=postgres")) == ["systemd-run", "--uid=postgres"]


def test_it_can_be_discarded_twice():
    made = machine(("test -e", Completed(1, "", "")))
    assert asyncio.run(asides.discard(made, ASIDE)) is False
    assert asked(made, ("systemctl stop", "rm -rf /var/lib/postgresql/17/krogan2.aside")) == [
        *("systemctl stop", "rm -rf /var/lib/postgresql/17/krogan2.aside")
    ]


def test_a_backup_waits_for_the_one_that_is_made():
    locked = CommandFailed("a", "pgbackrest", 50, "ERROR: [050]: unable to acquire lock on file '/tmp/x'\n")
    answers: list[Answer] = [locked, says("")]
    made = machine()
    made.provider.script = lambda step: (
        answers.pop(0) if step.what.endswith("backup") else says(INFO) if step.what.endswith("info") else None
    )
    assert asyncio.run(make_backup(made, "a", "krogan2", "full")).label == "20261127-191051F_20261127-191052D"
    assert answers == []


def test_a_backup_that_fails_says_why():
    made = machine((" backup", BROKEN))
    with pytest.raises(LabError, match=r"^a: the backup of krogan2 failed: unable to open; "):
        asyncio.run(make_backup(made, "a", "krogan2", "full"))


def test_log_that_does_not_get_to_the_archive_has_a_deadline(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tuchanka.archive.backup.PUSH_S", 0.3)
    made = machine(("psql", says("f\n")))
    with pytest.raises(DeadlineExceeded, match="on its way from a to the archive"):
        asyncio.run(push_all(made, "a", "krogan2", 5432))


def test_an_archive_that_can_not_be_verified_says_why():
    made = machine(("verify", Completed(25, "", "ERROR: [049]: unable to connect\n")))
    with pytest.raises(LabError, match="can't be verified: unable to connect"):
        asyncio.run(verify_files(made, "krogan2"))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            DeadlineExceeded("'pgbackrest' had not ended after 15 s", where="a"),
            "the store had not answered after 15 s",
        ),
        (BROKEN, "unable to open"),
        (says("[{}]"), "pgbackrest info says what isn't known here"),
    ],
)
def test_a_store_that_can_not_be_asked(answer: Answer, why: str):
    made = machine(("info", answer))
    with pytest.raises(Unavailable, match=why):
        asyncio.run(info(made, "krogan2"))
    seen = asyncio.run(look_at_archive(made, "krogan2", (1,), 3, 9, size=SEGMENT_BYTES))
    assert seen.problem.startswith(why)


def test_what_an_archive_has_for_a_copy():
    files = '{"000000010000000000000003-aa.zst":{},"000000010000000000000004-bb.zst":{}}'
    made = machine((" info", says(INFO)), ("repo-ls", says(files)))
    seen = asyncio.run(look_at_archive(made, "krogan2", (1,), 4, 9, size=SEGMENT_BYTES))
    assert seen.segments == {Segment(1, 3), Segment(1, 4)}
    assert (seen.backup, seen.begins) == ("20261127-191051F_20261127-191052D", Segment(1, 3))
