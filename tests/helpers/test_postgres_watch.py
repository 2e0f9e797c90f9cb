"""The watch over the servers: whom it helps, and that it gives way to Pacemaker; real processes, real signals."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.test_files import files_of
from tests.helpers.test_first_aid import SETTINGS, Server
from tuchanka.helpers.files import POSTGRES_WATCH, text

pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="no perl on this host")
CIB = '<cib><nvpair id="a" name="stonith-enabled" value="true"/>{}</cib>'
# The folder for what the agent and the watch tell each other.
RUN = "run"


class Watched(Server):
    """A server with a permit, as a recurring monitor would leave it, and a Pacemaker with a configuration."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        (home / RUN).mkdir()
        self.permit = home / RUN / "krogan.permit"
        self.permit.write_text("".join(f"{name}={value}\n" for name, value in self.passed.items()))
        self.configured("")
        (home / "watch").write_text(text("postgres_watch.pl"))

    @property
    def passed(self) -> dict[str, str]:
        passed = {name: value for name, value in self.environment.items() if name.startswith("OCF_")}
        return {**passed, "OCF_RESKEY_CRM_meta_interval": "2000"}

    def configured(self, pair: str, status: int = 0) -> None:
        (self.home / "cibadmin").write_text(f"#!/bin/sh\necho '{CIB.format(pair)}'\nexit {status}\n")
        (self.home / "cibadmin").chmod(0o755)

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        with subprocess.Popen([self.sleeper, "100"], cwd=self.data) as postmaster:
            (self.data / "postmaster.pid").write_text(f"{postmaster.pid}\n{self.data}\n")
            try:
                yield postmaster
            finally:
                postmaster.kill()

    @contextmanager
    def watch(self) -> Iterator[None]:
        settings = {
            **SETTINGS,
            "WATCH_STOPPED_S": "0.5",
            "WATCH_PERMITS": str(self.home / RUN),
            "WATCH_AID": str(self.home / "aid.pl"),
        }
        with subprocess.Popen(
            ["perl", str(self.home / "watch")], env={**os.environ, **settings, "PATH": self.environment["PATH"]}
        ) as watching:
            try:
                time.sleep(0.5)  # by then it has found the server
                yield
            finally:
                watching.kill()

    def helped(self, within_s: float = 10.0) -> bool:
        end = time.monotonic() + within_s
        while time.monotonic() < end and not self.started():
            time.sleep(0.02)
        return self.started()


@pytest.fixture
def server(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


@pytest.mark.parametrize("state", ["in production", "in archive recovery"])
def test_a_server_that_is_killed_is_started_again_at_once(server: Watched, state: str):
    server.is_("up", state)
    with server.running() as postmaster, server.watch():
        assert not server.started()
        postmaster.kill()
        postmaster.wait()
        assert server.helped()
    assert "the server has crashed and is started again" in server.noted()


def test_a_server_that_is_stopped_is_killed_and_started_again(server: Watched):
    with server.running() as postmaster, server.watch():
        postmaster.send_signal(signal.SIGSTOP)
        assert postmaster.wait(5) == -signal.SIGKILL
        assert server.helped()
    assert "is stopped: killing it" in server.noted()


def test_a_server_that_is_stopped_for_a_moment_is_left_alone(server: Watched):
    with server.running() as postmaster, server.watch():
        postmaster.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        postmaster.send_signal(signal.SIGCONT)
        assert not server.helped(1)
        assert postmaster.poll() is None


def test_a_busy_server_is_the_monitor_s(server: Watched):
    server.is_("hangs", "in production")
    with server.running() as postmaster, server.watch():
        assert not server.helped(1.5)
        assert postmaster.poll() is None


@pytest.mark.parametrize("state", ["shut down", "shut down in recovery", "in crash recovery", "shutting down"])
def test_a_server_that_was_stopped_in_order_stays_so(server: Watched, state: str):
    server.is_("gone", state)
    with server.running() as postmaster, server.watch():
        postmaster.kill()
        postmaster.wait()
        assert not server.helped(1)


@pytest.mark.parametrize(
    ("pair", "status", "helps"),
    [
        ('<nvpair id="b" name="maintenance-mode" value="false"/>', 0, True),
        ('<nvpair id="b" name="maintenance-mode" value="true"/>', 0, False),
        ('<nvpair value="on" name="maintenance" id="b"/>', 0, False),
        ('<nvpair id="b" name="is-managed" value="true"/>', 0, True),
        ('<nvpair id="b" name="is-managed" value="false"/>', 0, False),
        ("", 102, False),  # no Pacemaker answers
    ],
)
def test_it_acts_only_while_pacemaker_looks_after_everything(server: Watched, pair: str, status: int, helps: bool):
    server.configured(pair, status)
    with server.running() as postmaster, server.watch():
        postmaster.kill()
        postmaster.wait()
        assert server.helped(10 if helps else 1) is helps


@pytest.mark.parametrize("age_s", [5, 60])
def test_a_permit_that_no_monitor_renews_is_out_of_date(server: Watched, age_s: int):
    # A monitor every 2 s, with a timeout of 5 s.
    os.utime(server.permit, (time.time() - age_s, time.time() - age_s))
    with server.running() as postmaster, server.watch():
        postmaster.kill()
        postmaster.wait()
        assert server.helped(10 if age_s == 5 else 1) is (age_s == 5)


def test_it_helps_nobody_without_a_permit(server: Watched):
    with server.running() as postmaster, server.watch():
        server.permit.unlink()
        postmaster.kill()
        postmaster.wait()
        assert not server.helped(1)


def test_an_action_that_has_the_lock_goes_first(server: Watched):
    with (server.home / RUN / "krogan.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with server.running() as postmaster, server.watch():
            postmaster.kill()
            postmaster.wait()
            assert not server.helped(1)
            server.permit.unlink()
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert not server.helped(1)  # the action has taken the permit away


def test_what_is_helped_twice_within_a_short_time_is_pacemaker_s(server: Watched):
    (server.home / "krogan.first-aid").touch()
    with server.running() as postmaster, server.watch():
        postmaster.kill()
        postmaster.wait()
        assert not server.helped(1)
    assert "less than 20 s ago" in server.noted()


HOLD = """import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print(flush=True)
time.sleep(1)
"""
PAF = """#!/usr/bin/perl
open my $calls, '>>', '{home}/calls';
print $calls "$ARGV[0]\\n";
close $calls;
exit(-s '{home}/calls' < 10 ? {first} : {later});
"""


def agent(server: Watched, action: str, first: int, later: int, **changed: str) -> tuple[int, str]:
    """Run the agent with a PAF that ends like this; returns its exit status, and what PAF was asked."""
    for name in ("tuchanka", "heartbeat"):
        (server.home / name).mkdir(exist_ok=True)
    paf = PAF.replace("{home}", str(server.home)).replace("{first}", str(first)).replace("{later}", str(later))
    (server.home / "heartbeat" / "pgsqlms").write_text(paf)
    (server.home / "tuchanka" / "first_aid.pl").write_text(text("first_aid.pl"))
    (server.home / "tuchanka" / "pgsqlms").write_text(text("pgsqlms.pl"))
    settings = {**SETTINGS, "POSTGRES_WATCH": changed.pop("watch", "yes")}
    (server.home / "helpers.conf").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    environment = {
        **server.environment,
        "OCF_RESKEY_CRM_meta_interval": "2000" if action == "monitor" else "0",
        "TUCHANKA_HELPERS_CONF": str(server.home / "helpers.conf"),
        "TUCHANKA_RUN": str(server.home / RUN),
        **changed,
    }
    command = ["perl", server.home / "tuchanka" / "pgsqlms", action]
    done = subprocess.run(command, check=False, env=environment, timeout=30)
    calls = server.home / "calls"
    return done.returncode, calls.read_text() if calls.exists() else ""


@pytest.mark.parametrize("status", [0, 8])
def test_a_monitor_that_finds_the_server_well_writes_the_permit(server: Watched, status: int):
    server.permit.unlink()
    assert agent(server, "monitor", status, status) == (status, "monitor\n")
    assert set(server.permit.read_text().splitlines()) == {f"{name}={value}" for name, value in server.passed.items()}
    server.permit.unlink()
    agent(server, "monitor", status, status, watch="no")
    assert not server.permit.exists()


@pytest.mark.parametrize("action", ["start", "stop", "promote", "demote", "notify", "monitor"])
def test_every_other_action_takes_the_permit_away(server: Watched, action: str):
    with server.running():
        agent(server, action, 0, 0, OCF_RESKEY_CRM_meta_interval="0")
    assert not server.permit.exists()


def test_every_other_action_waits_until_first_aid_has_ended(server: Watched):
    lock = str(server.home / RUN / "krogan.lock")
    with subprocess.Popen([sys.executable, "-c", HOLD, lock], stdout=subprocess.PIPE) as aid:
        assert aid.stdout
        aid.stdout.readline()
        began = time.monotonic()
        agent(server, "start", 0, 0)
        assert time.monotonic() - began > 0.8


@pytest.mark.parametrize(("later", "status"), [(8, 8), (1, 1)])
def test_a_server_that_goes_wrong_while_paf_looks_is_looked_at_once_more(server: Watched, later: int, status: int):
    with server.running():
        assert agent(server, "monitor", 9, later) == (status, "monitor\nmonitor\n")
    assert server.permit.exists()


def test_what_first_aid_has_left_to_pacemaker_is_reported_at_once(server: Watched):
    server.is_("gone", "in production")
    (server.home / "krogan.first-aid").touch()
    assert agent(server, "monitor", 9, 8) == (9, "monitor\n")


def test_the_unit_starts_with_pacemaker_and_leaves_the_servers_that_it_started():
    files = files_of()
    unit = files["/etc/systemd/system/postgres-watch.service"].content
    assert f"ExecStart={POSTGRES_WATCH}\n" in unit
    assert "KillMode=process\n" in unit
    assert files[POSTGRES_WATCH].mode == 0o755
    drop_in = files["/etc/systemd/system/pacemaker.service.d/postgres-watch.conf"].content
    assert "Wants=postgres-watch.service" in drop_in
