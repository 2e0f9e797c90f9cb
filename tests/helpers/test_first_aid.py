"""First aid: a server of scripts, which crashes, hangs and can't write; real processes, real signals; no root."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tuchanka.helpers.files import text

pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="no perl on this host")
# The server's user is the one who runs the tests: to become another takes root.
USER = pwd.getpwuid(os.geteuid()).pw_name
SETTINGS = {"FIRST_AID_HANG_S": "1", "FIRST_AID_SILENT_S": "8", "FIRST_AID_AGAIN_S": "20"}
GOES_ON = 99  # PAF's own action follows
PG_ISREADY = """#!/bin/sh
echo "$*" >> {home}/asked
case $(cat {home}/server) in up) exit 0 ;; starting) exit 1 ;; hangs) sleep 1 ;; esac
exit 2
"""
PSQL = """#!/bin/sh
cat {home}/silence
"""
PG_CTL = """#!/bin/sh
echo up > {home}/server
echo "$*" > {home}/started
"""
PG_CONTROLDATA = """#!/bin/sh
echo "pg_control version number:            1700"
echo "Database cluster state:               $(cat {home}/state)"
"""


class Server:
    """What first aid sees of an instance. ``postgres`` is a copy of a program that sleeps."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data"
        self.data.mkdir()
        self.sleeper = home / "postgres"
        shutil.copy(Path("/bin/sleep").resolve(), self.sleeper)
        (home / "silence").touch()
        programs = {"pg_isready": PG_ISREADY, "pg_ctl": PG_CTL, "pg_controldata": PG_CONTROLDATA, "psql": PSQL}
        for name, program in programs.items():
            (home / name).write_text(program.replace("{home}", str(home)))
            (home / name).chmod(0o755)
        (home / "logger").write_text(f'#!/bin/sh\necho "$*" >> {home}/noted\n')
        (home / "logger").chmod(0o755)
        (home / "aid.pl").write_text(text("first_aid.pl"))
        self.is_("up", "in production")

    def is_(self, server: str, state: str) -> None:
        (self.home / "server").write_text(server)
        (self.home / "state").write_text(state)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.home}:{os.environ['PATH']}",
            "OCF_RESOURCE_INSTANCE": "krogan",
            "OCF_RESKEY_system_user": USER,
            "OCF_RESKEY_bindir": str(self.home),
            "OCF_RESKEY_pgdata": "/etc/krogan",
            "OCF_RESKEY_datadir": str(self.data),
            "OCF_RESKEY_pghost": str(self.home),
            "OCF_RESKEY_pgport": "5432",
            "OCF_RESKEY_CRM_meta_timeout": "5000",
        }

    def aid(self, action: str = "monitor", **changed: str) -> subprocess.CompletedProcess[str]:
        settle = ", ".join(f"{name} => {value}" for name, value in SETTINGS.items())
        run = f"my ($done, $status) = FirstAid::run('{action}'); exit($done ? $status : {GOES_ON});"
        command = ["perl", "-e", f"require '{self.home}/aid.pl'; FirstAid::settle({settle}); {run}"]
        environment = self.environment | changed
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=30)

    def started(self) -> bool:
        return (self.home / "started").exists()

    def noted(self) -> str:
        file = self.home / "noted"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_a_healthy_server_is_left_alone_and_nothing_stays_behind(server: Server):
    done = server.aid()
    assert (done.returncode, done.stderr, server.started(), server.noted()) == (GOES_ON, "", False, "")
    assert list(server.data.iterdir()) == []


@pytest.mark.parametrize("state", ["in production", "in archive recovery"])
def test_a_crashed_server_is_started_again(server: Server, state: str):
    server.is_("gone", state)
    assert server.aid().returncode == GOES_ON
    started = (server.home / "started").read_text().split()
    assert [*started[:2], *started[3:]] == ["--silent", "--wait", "--pgdata", "/etc/krogan", "start"]
    assert re.fullmatch("--timeout=[12]", started[2])  # of the 5 s of a monitor 2 are PAF's
    assert "first aid: the server has crashed and is started again as it was" in server.noted()


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        ("gone", "shut down"),
        ("gone", "shut down in recovery"),
        ("gone", "in crash recovery"),
        ("starting", "in production"),
    ],
)
def test_what_was_stopped_or_is_starting_is_paf_s(server: Server, seen: str, state: str):
    server.is_(seen, state)
    assert server.aid().returncode == GOES_ON
    assert not server.started()


def test_a_server_that_hangs_is_killed_with_all_its_processes_and_nobody_else(server: Server):
    with (
        subprocess.Popen([server.sleeper, "100"], cwd=server.data) as postmaster,
        subprocess.Popen([server.sleeper, "100"], cwd=server.data) as child,
        subprocess.Popen([server.sleeper, "100"], cwd=server.home) as other,
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"], cwd=server.data) as visitor,
    ):
        (server.data / "postmaster.pid").write_text(f"{postmaster.pid}\n{server.data}\n")
        server.is_("hangs", "in production")
        try:
            assert server.aid().returncode == GOES_ON
            assert [process.wait(5) for process in (postmaster, child)] == [-9, -9]
            assert [other.poll(), visitor.poll()] == [None, None]
        finally:
            for process in (postmaster, child, other, visitor):
                process.kill()
    assert server.started()
    assert "does not answer for 1 s: killing it" in server.noted()


@pytest.mark.parametrize(
    ("role", "silence", "killed"),
    [("standby", "9", True), ("standby", "8", False), ("standby", "", False), ("", "9", False)],
)
def test_a_standby_whose_walreceiver_hangs_is_started_again(server: Server, role: str, silence: str, killed: bool):
    with subprocess.Popen([server.sleeper, "100"], cwd=server.data) as postmaster:
        (server.data / "postmaster.pid").write_text(f"{postmaster.pid}\n")
        if role:
            (server.data / "standby.signal").touch()
        (server.home / "state").write_text("in archive recovery")
        (server.home / "silence").write_text(f"{silence}\n")
        try:
            assert server.aid().returncode == GOES_ON
            assert (postmaster.poll() == -9) is killed
        finally:
            postmaster.kill()
    assert server.started() is killed
    assert ("heard nothing for 9 s: killing it" in server.noted()) is killed


def test_trouble_that_comes_again_soon_is_pacemaker_s(server: Server):
    server.is_("gone", "in production")
    server.aid()
    (server.home / "started").unlink()
    server.is_("gone", "in production")
    assert server.aid().returncode == GOES_ON
    assert not server.started()
    assert "less than 20 s ago" in server.noted()
    stamp = server.home / "krogan.first-aid"
    os.utime(stamp, (time.time() - 21, time.time() - 21))
    server.aid()
    assert server.started()


def test_a_primary_that_cannot_write_is_given_up_and_a_standby_is_not_asked(server: Server):
    shutil.rmtree(server.data)
    done = server.aid()
    assert done.returncode == 4
    assert f"ocf-exit-reason:the primary can't write to {server.data}: No such file" in done.stderr
    server.data.mkdir()
    (server.data / "standby.signal").touch()
    (server.data / "pgsql_tmp.first-aid").mkdir()
    assert server.aid().returncode == GOES_ON


def test_a_write_that_takes_too_long_is_trouble_too_and_the_next_one_gets_less_time(server: Server):
    probe = server.data / "pgsql_tmp.first-aid"
    os.mkfifo(probe)  # an open for writing waits for a reader
    try:
        began = time.monotonic()
        done = server.aid()
        assert done.returncode == 4
        assert f"can't write to {server.data}: a write takes longer than 1 s" in done.stderr
        assert time.monotonic() - began > 1
        with subprocess.Popen([server.sleeper, "100"], cwd=server.data) as process:
            try:
                assert server.aid("stop").returncode == 0
                assert process.wait(5) == -9
            finally:
                process.kill()
    finally:  # the writers that still wait go on, and end
        os.close(os.open(probe, os.O_RDONLY | os.O_NONBLOCK))
    assert "a write takes longer than 0.5 s; killing it" in server.noted()


@pytest.mark.parametrize(("action", "status"), [("demote", 1), ("stop", 0)])
def test_a_primary_that_cannot_write_is_killed_instead_of_stopped(server: Server, action: str, status: int):
    with subprocess.Popen([server.sleeper, "100"], cwd=server.data) as process:
        try:
            assert server.aid(action).returncode == GOES_ON
            assert process.poll() is None
            shutil.rmtree(server.data)
            assert server.aid(action).returncode == status
            assert process.wait(5) == -9
        finally:
            process.kill()


PAF = """#!/usr/bin/perl
open my $calls, '>>', '{home}/calls';
print $calls "$ARGV[0]\\n";
close $calls;
system 'sleep', '3' if -s '{home}/calls' < 10;
exit 8;
"""


def test_a_server_that_begins_to_hang_while_paf_looks_makes_the_monitor_begin_anew_once(tmp_path: Path):
    server = Server(tmp_path)
    for name in ("tuchanka", "heartbeat"):
        (tmp_path / name).mkdir()
    (tmp_path / "heartbeat" / "pgsqlms").write_text(PAF.replace("{home}", str(tmp_path)))
    (tmp_path / "aid.pl").rename(tmp_path / "tuchanka" / "first_aid.pl")
    agent = tmp_path / "tuchanka" / "pgsqlms"
    agent.write_text(text("pgsqlms.pl"))
    (tmp_path / "helpers.conf").write_text("".join(f"{name}={value}\n" for name, value in SETTINGS.items()))
    environment = {
        **server.environment,
        "OCF_RESKEY_CRM_meta_interval": "2000",
        "TUCHANKA_HELPERS_CONF": str(tmp_path / "helpers.conf"),
        "TUCHANKA_RUN": str(tmp_path / "run"),
    }
    done = subprocess.run(["perl", agent, "monitor"], check=False, env=environment, timeout=30)
    assert (done.returncode, (tmp_path / "calls").read_text()) == (8, "monitor\nmonitor\n")


def test_it_never_acts_as_another_user_than_the_servers(server: Server):
    server.is_("gone", "in production")
    for user in ("no-such-user", *(["root"] if os.geteuid() != 0 else [])):  # root could become any that there is
        assert server.aid(OCF_RESKEY_system_user=user).returncode == GOES_ON
    assert not server.started()


def test_settings_that_are_not_given_have_a_default_of_their_own():
    program = text("first_aid.pl")
    for name in SETTINGS:
        assert re.search(rf"\$settings{{{name}}}\s*// \$", program), name
