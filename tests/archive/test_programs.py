"""archive-push and archive-fetch, with a pgBackRest that answers as the test wants."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from tuchanka.services.archive.service import text

NAME = "000000010000000000000007"
CALLED = 'echo "$@" >> {log}\n'


class Bench:
    """A data directory, a pgBackRest, and the two programs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.run_folder = folder, folder / "data", folder / "run"
        (self.data / "pg_wal" / "archive_status").mkdir(parents=True)
        self.run_folder.mkdir()
        (folder / "bin").mkdir()
        for name in ("push", "fetch"):
            (folder / name).write_text(text(f"{name}.pl"))
        self.settings(PUSH_TIMEOUT_S=1, FETCH_TIMEOUT_S=1, BREAKER_S=60, LIMIT="1000", WHEN_STUCK="wait")
        self.answers("exit 0")

    @property
    def calls(self) -> list[str]:
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []

    def settings(self, **values: object) -> None:
        (self.folder / "archive.conf").write_text("".join(f"{name}={value}\n" for name, value in values.items()))

    def answers(self, body: str) -> None:
        program = self.folder / "bin" / "pgbackrest"
        program.write_text(f"#!/bin/sh\n{CALLED.format(log=self.folder / 'log')}{body}\n")
        program.chmod(0o755)

    def state(self, word: str) -> None:
        (self.data / "postmaster.pid").write_text("\n".join(["1", "d", "2", "5432", "s", "*", "0 0", f"{word}  "]))

    def waits(self, count: int) -> None:
        for number in range(count):
            (self.data / "pg_wal" / "archive_status" / f"{number:024X}.ready").touch()

    def call(self, program: str, *arguments: str, **environment: str) -> int:
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        own = {"ARCHIVE_CONF": str(self.folder / "archive.conf"), "ARCHIVE_RUN": str(self.run_folder), "PATH": path}
        return subprocess.run(
            ["perl", self.folder / program, "k", *arguments],
            cwd=self.data,
            env={**os.environ, **own, **environment},
            check=False,
            capture_output=True,
            timeout=20,
        ).returncode

    def push(self) -> int:
        return self.call("push", f"pg_wal/{NAME}")

    def fetch(self, name: str = NAME, **environment: str) -> int:
        return self.call("fetch", name, "pg_wal/RECOVERYXLOG", **environment)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_push_is_pgbackrest_s(bench: Bench):
    assert bench.push() == 0
    assert bench.calls == [f"--stanza=k archive-push pg_wal/{NAME}"]


def test_a_push_that_fails_is_not_repeated_at_once(bench: Bench):
    bench.answers("exit 99")
    assert [bench.push(), bench.push()] == [1, 1]
    assert len(bench.calls) == 1
    bench.settings(PUSH_TIMEOUT_S=1, BREAKER_S=0, LIMIT="1000", WHEN_STUCK="wait")
    bench.answers("exit 0")
    assert bench.push() == 0


def test_a_push_that_hangs_ends_with_its_children(bench: Bench):
    bench.answers(f"sleep 60 & echo $! > {bench.folder}/child; wait")
    began = time.monotonic()
    assert bench.push() == 1
    assert 1 <= time.monotonic() - began < 10
    child = int((bench.folder / "child").read_text())
    assert _state(child) in {"", "Z"}


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except OSError:
        return ""


def test_a_server_that_stops_waits_for_no_push(bench: Bench):
    bench.state("stopping")
    assert bench.push() == 200
    assert bench.calls == []


def test_a_server_that_begins_to_stop_ends_the_push(bench: Bench):
    bench.settings(PUSH_TIMEOUT_S=15, BREAKER_S=60, LIMIT="1000", WHEN_STUCK="wait")
    bench.state("ready")
    stopping = "printf '1\\nd\\n2\\n5432\\ns\\n*\\n0 0\\nstopping\\n' > postmaster.pid"
    bench.answers(f"{stopping}; sleep 60")
    began = time.monotonic()
    assert bench.push() == 200
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(("stuck", "status", "calls"), [("drop", 0, 0), ("wait", 0, 1)])
def test_log_above_the_limit(bench: Bench, stuck: str, status: int, calls: int):
    bench.settings(PUSH_TIMEOUT_S=1, BREAKER_S=60, LIMIT=str(3 << 24), WHEN_STUCK=stuck)
    bench.waits(4)
    assert bench.push() == status
    assert len(bench.calls) == calls


def test_log_below_the_limit_is_pushed(bench: Bench):
    bench.settings(PUSH_TIMEOUT_S=1, BREAKER_S=60, LIMIT=str(3 << 24), WHEN_STUCK="drop")
    bench.waits(3)
    assert bench.push() == 0
    assert len(bench.calls) == 1


def test_a_share_of_the_disk(bench: Bench):
    bench.settings(PUSH_TIMEOUT_S=1, BREAKER_S=60, LIMIT="99%", WHEN_STUCK="drop")
    bench.waits(3)
    assert bench.push() == 0
    assert len(bench.calls) == 1


def test_what_the_archive_has_is_fetched(bench: Bench):
    assert bench.fetch() == 0
    assert bench.calls == [f"--stanza=k archive-get {NAME} pg_wal/RECOVERYXLOG"]


def test_what_it_has_not_is_not_asked_for_again_at_once(bench: Bench):
    bench.answers("exit 1")
    assert [bench.fetch(), bench.fetch("00000002.history"), bench.fetch(), bench.fetch("00000002.history")] == [1] * 4
    assert len(bench.calls) == 2
    time.sleep(1.1)
    bench.answers("exit 0")
    assert bench.fetch() == 0


def test_a_history_that_is_there_is_not_asked_for(bench: Bench):
    (bench.data / "pg_wal" / "00000002.history").write_text("1\t0/5000148\n")
    bench.answers("exit 103")
    assert bench.fetch("00000002.history") == 0
    assert (bench.data / "pg_wal" / "RECOVERYXLOG").read_text() == "1\t0/5000148\n"
    assert bench.calls == []
    assert bench.fetch("00000003.history") == 1
    assert len(bench.calls) == 1


def test_a_failure_is_remembered_and_never_more_than_one(bench: Bench):
    bench.answers("exit 103")
    assert [bench.fetch(), bench.fetch("00000002.history")] == [1, 1]
    assert len(bench.calls) == 1
    bench.answers("kill -9 $$")
    (bench.run_folder / "k.fetch-failed").unlink()
    assert bench.fetch() == 1


def test_a_push_that_failed_keeps_a_fetch_from_asking(bench: Bench):
    bench.answers("exit 103")
    assert bench.push() == 1
    assert bench.fetch() == 1
    assert len(bench.calls) == 1
    assert bench.fetch(ARCHIVE_FETCH="patient") == 1
    assert len(bench.calls) == 2


def test_a_fetch_that_hangs(bench: Bench):
    bench.answers("sleep 60")
    began = time.monotonic()
    assert bench.fetch() == 1
    assert time.monotonic() - began < 10
    assert bench.fetch() == 1
    assert len(bench.calls) == 1


def test_a_patient_fetch_remembers_nothing(bench: Bench):
    bench.answers("exit 103")
    assert [bench.fetch(ARCHIVE_FETCH="patient"), bench.fetch(ARCHIVE_FETCH="patient")] == [1, 1]
    assert len(bench.calls) == 2
    assert list(bench.run_folder.iterdir()) == []


def test_nothing_is_fetched_where_it_is_refused(bench: Bench):
    (bench.folder / "archive.refused").touch()
    assert bench.fetch() == 1
    assert bench.calls == []


@pytest.mark.parametrize("program", ["push", "fetch"])
def test_wrong_arguments_fail_and_do_not_end_a_recovery(bench: Bench, program: str):
    assert bench.call(program) == 1
