"""The recorder as a process, against a real PostgreSQL that is frozen, killed and restarted."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.heartbeat.server import PASSWORD, USER, Server, binaries
from tuchanka.events import Clock, Event, Read, RecorderLate, RoleProbe, Write, read_history
from tuchanka.heartbeat.config import Config, InstanceConfig, Probe, Reader, to_json

PROGRAMS = binaries()
pytestmark = pytest.mark.skipif(
    PROGRAMS is None, reason="no PostgreSQL server programs (or, as root, no user postgres) on this host"
)
DEADLINE_S = 1.0
# Waits until a beat waits for the lock (4 s), and ends the backends of all that do.
END_A_WAITING_BEAT = """
DO $$
DECLARE ended integer := 0;
BEGIN
    FOR round IN 1..200 LOOP
        PERFORM pg_stat_clear_snapshot();
        SELECT count(pg_terminate_backend(pid)) INTO ended FROM pg_stat_activity
            WHERE query LIKE 'INSERT INTO beat%' AND wait_event_type = 'Lock';
        EXIT WHEN ended > 0;
        PERFORM pg_sleep(0.02);
    END LOOP;
END $$"""
# Waits until a beat waits for a synchronous standby (4 s), and cancels the wait of all that do.
CANCEL_A_WAITING_BEAT = END_A_WAITING_BEAT.replace("pg_terminate_backend", "pg_cancel_backend").replace(
    "wait_event_type = 'Lock'", "wait_event = 'SyncRep'"
)
# What a loaded machine may add to a deadline.
SLACK_S = 1.0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    assert PROGRAMS is not None
    # Not below pytest's folder, which only its owner can enter: the server runs as another user.
    with tempfile.TemporaryDirectory(prefix="tuchanka-pg-") as folder:
        one = Server(Path(folder), PROGRAMS)
        try:
            one.create()
            yield one
        finally:
            one.stop()


class Recorder:
    """A recorder process whose output goes to a file, so that it never waits for us."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.out = folder / "events"
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", "tuchanka.heartbeat"],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.PIPE,
            )
        assert self.process.stdin is not None
        self.process.stdin.write(to_json(config).encode() + b"\n")
        self.process.stdin.flush()

    def events(self) -> list[Event]:
        return list(read_history(self.out.read_text().splitlines(keepends=True)))

    def wait(self, timeout: float = 5) -> None:
        """Wait for a clean end: status 0 and not a word (a warning, a task never awaited) on standard error."""
        status = self.process.wait(timeout=timeout)
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        self.process.stdin.close()
        with self.process.stderr as stderr:
            assert (status, stderr.read()) == (0, b"")


Start = Callable[[Config], Recorder]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Recorder] = []

    def one(config: Config) -> Recorder:
        started.append(Recorder(tmp_path, config))
        return started[-1]

    yield one
    for recorder in started:
        if recorder.process.poll() is None:
            recorder.process.kill()
            recorder.process.wait(timeout=5)
        for pipe in (recorder.process.stdin, recorder.process.stderr):
            if pipe is not None:
                pipe.close()


def config(server: Server, run: str, duration_s: float | None = None, *, password: str = PASSWORD) -> Config:
    instance = InstanceConfig(
        name="krogan2",
        port=server.port,
        database="heartbeat",
        user=USER,
        password=password,
        primary="127.0.0.1",
        readers=(Reader("krogan2s1", "127.0.0.1"),),
        probes=(Probe("tuchanka2a", "127.0.0.1"),),
    )
    return Config(run=run, instances=(instance,), duration_s=duration_s, deadline_s=DEADLINE_S)


def writes(events: list[Event]) -> list[Write]:
    return sorted((event for event in events if isinstance(event, Write)), key=lambda write: write.seq)


def check_beats(events: list[Event]) -> None:
    """What holds whatever the server does: no beat is missing, and each ended by its deadline."""
    beats = writes(events)
    assert [write.seq for write in beats] == list(range(1, len(beats) + 1))
    for event in events:
        if isinstance(event, Write | Read | RoleProbe):
            assert event.t - event.due < DEADLINE_S + SLACK_S


def test_beats_of_a_healthy_server(server: Server, start: Start) -> None:
    recorder = start(config(server, "healthy", 2.0))
    time.sleep(1)
    process = Path(f"/proc/{recorder.process.pid}")
    assert PASSWORD.encode() not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    recorder.wait()
    events = recorder.events()
    check_beats(events)
    assert isinstance(events[0], Clock)
    assert len(writes(events)) >= 15
    assert {write.outcome for write in writes(events)} == {"acknowledged"}
    reads = [event for event in events if isinstance(event, Read)]
    assert all(read.ok for read in reads)
    assert reads[-1].seq >= writes(events)[-1].seq - 5
    assert all(0 <= read.age < 1.0 for read in reads if read.seq)
    assert {event.role for event in events if isinstance(event, RoleProbe)} == {"primary"}
    assert server.found("healthy") == {write.seq for write in writes(events)}
    assert PASSWORD not in recorder.out.read_text()


def test_a_frozen_server_costs_answers_but_no_beat(server: Server, start: Start) -> None:
    recorder = start(config(server, "frozen"))
    time.sleep(1)
    frozen = time.monotonic()
    server.freeze()
    time.sleep(2.5)
    server.thaw()
    thawed = time.monotonic()
    time.sleep(1.5)
    recorder.process.send_signal(signal.SIGTERM)
    recorder.wait()
    events = recorder.events()
    check_beats(events)
    beats = writes(events)
    during = [write for write in beats if frozen + 0.2 < write.due < thawed - DEADLINE_S]
    # An idle connection takes the first beat, which was sent and never answered; the others can't even connect.
    assert len(during) >= 10
    assert {write.outcome for write in beats if frozen <= write.due < thawed} >= {"indeterminate", "refused"}
    assert all(write.outcome != "acknowledged" for write in during)
    dues = [write.due for write in beats]
    # On a host that is busy elsewhere a tick may come late; then the recorder says so.
    late = any(isinstance(event, RecorderLate) for event in events)
    assert late or max(later - earlier for earlier, later in pairwise(dues)) < 1.0
    after = [write for write in beats if write.outcome == "acknowledged" and write.t > thawed]
    assert after
    acknowledged = {write.seq for write in beats if write.outcome == "acknowledged"}
    refused = {write.seq for write in beats if write.outcome == "refused"}
    assert acknowledged <= server.found("frozen")
    assert not refused & server.found("frozen")
    roles = [event.role for event in events if isinstance(event, RoleProbe) and event.due > frozen + 0.2]
    assert "unreachable" in roles
    assert roles[-1] == "primary"


def test_a_killed_server_is_written_to_again_at_once(server: Server, start: Start) -> None:
    recorder = start(config(server, "killed"))
    time.sleep(0.7)
    server.crash()
    time.sleep(0.7)
    server.start()
    started = time.monotonic()
    time.sleep(1)
    recorder.process.send_signal(signal.SIGINT)
    recorder.wait()
    events = recorder.events()
    check_beats(events)
    beats = writes(events)
    assert [write.outcome for write in beats].count("refused") >= 3
    assert min(write.t for write in beats if write.outcome == "acknowledged" and write.t > started) - started < 1.5
    # fsync is off, but the operating system did not crash: nothing acknowledged may be missing.
    assert {write.seq for write in beats if write.outcome == "acknowledged"} <= server.found("killed")
    assert all(write.error for write in beats if write.outcome != "acknowledged")


def test_a_server_that_shuts_down_while_a_beat_waits_leaves_it_indeterminate(server: Server, start: Start) -> None:
    recorder = start(config(server, "locked"))
    # A lock makes the beat wait; ending its backend is what a fast shutdown does to it.
    server.sql("BEGIN", "LOCK TABLE beat", END_A_WAITING_BEAT, "COMMIT")
    time.sleep(0.5)
    recorder.process.send_signal(signal.SIGTERM)
    recorder.wait()
    hit = [write for write in writes(recorder.events()) if "terminating connection" in write.error]
    # A beat on a new connection was still being prepared: its INSERT was never sent.
    found = {(write.error.split(":")[0], write.outcome) for write in hit}
    assert found
    assert found <= {("statement", "indeterminate"), ("connect", "refused")}


def test_an_acknowledgement_that_comes_with_a_warning_is_an_outcome_of_its_own(server: Server, start: Start) -> None:
    """A beat waits for a synchronous standby, of which there is none, until somebody cancels the wait."""
    recorder = start(config(server, "warned", 4.0))
    time.sleep(0.7)
    try:
        server.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        server.sql("SELECT pg_reload_conf()")
        server.sql(CANCEL_A_WAITING_BEAT)
    finally:
        server.sql("ALTER SYSTEM RESET synchronous_standby_names")
        server.sql("SELECT pg_reload_conf()")
    recorder.wait(timeout=8)
    events = recorder.events()
    check_beats(events)
    warned = [write for write in writes(events) if write.outcome == "warned"]
    assert warned
    assert all("canceling wait for synchronous replication" in write.error for write in warned)
    assert all("might not have been replicated" in write.error for write in warned)
    # It is there, on the primary; and the next beat on the same connection is not warned of.
    assert {write.seq for write in warned} <= server.found("warned")
    assert writes(events)[-1].outcome == "acknowledged"


def test_a_read_says_which_connection_it_was_read_from(server: Server, start: Start) -> None:
    recorder = start(config(server, "numbered"))
    time.sleep(0.7)
    server.crash()
    server.start()
    time.sleep(1)
    recorder.process.send_signal(signal.SIGTERM)
    recorder.wait()
    reads = [event for event in recorder.events() if isinstance(event, Read)]
    numbers = [read.connection for read in reads if read.ok]
    assert None not in numbers
    assert numbers[0] == 1
    # The crash ended that connection.
    assert numbers[-1] not in {1, None}
    assert all(read.connection is None for read in reads if read.error.startswith("connect"))


def test_wrong_password_is_refused_and_never_shown(server: Server, start: Start) -> None:
    recorder = start(config(server, "wrong", 0.5, password="secret-and-wrong"))
    recorder.wait()
    assert {write.outcome for write in writes(recorder.events())} == {"refused"}
    assert "secret-and-wrong" not in recorder.out.read_text()


def test_a_missing_table_is_refused(server: Server, start: Start) -> None:
    server.sql("ALTER TABLE beat RENAME TO gone")
    try:
        recorder = start(config(server, "missing", 0.5))
        recorder.wait()
    finally:
        server.sql("ALTER TABLE gone RENAME TO beat")
    assert {write.outcome for write in writes(recorder.events())} == {"refused"}


@pytest.mark.parametrize("frozen", [False, True])
def test_end_of_input_ends_it(server: Server, start: Start, frozen: bool) -> None:
    recorder = start(config(server, f"eof-{frozen}"))
    time.sleep(0.7)
    if frozen:
        server.freeze()
    try:
        time.sleep(0.3)
        assert recorder.process.stdin is not None
        recorder.process.stdin.close()
        recorder.wait(timeout=DEADLINE_S + 1.5)
    finally:
        server.thaw()
    check_beats(recorder.events())


def test_a_broken_pipe_ends_it(server: Server) -> None:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tuchanka.heartbeat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(to_json(config(server, "pipe")).encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=5) == 0
        assert process.stderr.read() == b""


def test_a_reader_that_pauses_does_not_stop_the_beats(server: Server) -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader:
        process = subprocess.Popen(
            [sys.executable, "-m", "tuchanka.heartbeat"], stdin=subprocess.PIPE, stdout=write_end
        )
        os.close(write_end)
        with process:
            assert process.stdin is not None
            line = json.loads(to_json(config(server, "paused", 2.5)))
            line["rate"] = 100.0  # fills the pipe in less than two seconds
            process.stdin.write(json.dumps(line).encode() + b"\n")
            process.stdin.flush()
            time.sleep(2.2)
            lines = reader.read().decode().splitlines(keepends=True)
            assert process.wait(timeout=5) == 0
    dues = [write.due for write in writes(list(read_history(lines)))]
    assert max(later - earlier for earlier, later in pairwise(dues)) < 1.0
