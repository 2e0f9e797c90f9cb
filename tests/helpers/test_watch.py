"""The watch over the cluster's daemons, on processes that tick, wait, hang and work; no root."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.test_files import files_of
from tuchanka.helpers.files import WATCH, text

pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="no perl on this host")

# Each in one process: a shell would start others.
TICK = "import time\nwhile True: time.sleep(0.2)"
SPIN = "while True: pass"
SLEEP = "import time\ntime.sleep(60)"
ASK = "import socket\nends = socket.socketpair()\nends[0].recv(1)"
WOKEN = """import signal, time
signal.signal(signal.SIGCHLD, lambda *_: print("woken", flush=True))
time.sleep(60)
"""
LOCK = "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()"


CONTROLLER = "pacemaker-controld"
BASED = "pacemaker-based"


def watched(folder: Path, daemon: subprocess.Popen[str], program: str, joining_s: int = 10) -> None:
    """Run the watch for three seconds; it takes the daemon for this program of Pacemaker's."""
    # A /proc with this process alone, which executes one of Pacemaker's programs by the name that it has there.
    proc = folder / "proc" / str(daemon.pid)
    proc.mkdir(parents=True)
    for name in ("status", "syscall"):
        (proc / name).symlink_to(f"/proc/{daemon.pid}/{name}")
    (proc / "exe").symlink_to(folder / program)
    (folder / "watch").write_text(text("pacemaker_watch.pl"))
    settings = {
        "WATCH_PATIENCE_S": "0.5",
        "WATCH_PACEMAKER": str(folder),
        "WATCH_PROC": str(folder / "proc"),
        "WATCH_JOINING_S": str(joining_s),
    }
    command = ["perl", str(folder / "watch")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **settings}) as watching:
        time.sleep(3)
        watching.kill()


@pytest.mark.parametrize(
    ("program", "freeze", "killed"),
    [
        pytest.param(TICK, False, False, id="ticking"),
        pytest.param(SPIN, False, False, id="computing"),
        pytest.param(SLEEP, False, False, id="sleeping"),
        pytest.param(ASK, False, False, id="waiting for an answer"),
        pytest.param(LOCK, False, True, id="deadlocked"),
        pytest.param(TICK, True, True, id="frozen"),
        pytest.param(ASK, True, True, id="frozen while it waits"),
    ],
)
def test_only_what_hangs_by_itself_is_killed(tmp_path: Path, program: str, freeze: bool, killed: bool):
    with subprocess.Popen([sys.executable, "-c", program], text=True) as daemon:
        try:
            time.sleep(0.5)  # by then it does what it is to do
            if freeze:
                daemon.send_signal(signal.SIGSTOP)
            watched(tmp_path, daemon, BASED)
            assert (daemon.poll() == -signal.SIGKILL) is killed
        finally:
            daemon.kill()


@pytest.mark.parametrize(
    ("program", "joining_s", "woken"),
    [
        pytest.param(BASED, 0, False, id="another daemon that sleeps"),
        pytest.param(CONTROLLER, 10, False, id="a controller that has just started"),
        pytest.param(CONTROLLER, 0, True, id="a controller that sleeps"),
    ],
)
def test_a_controller_that_sleeps_is_woken_again_and_again(tmp_path: Path, program: str, joining_s: int, woken: bool):
    with subprocess.Popen([sys.executable, "-c", WOKEN], text=True, stdout=subprocess.PIPE) as daemon:
        try:
            watched(tmp_path, daemon, program, joining_s)
        finally:
            daemon.kill()
        said = daemon.stdout.read() if daemon.stdout else ""
    assert (said.count("woken") >= 3) is woken
    assert bool(said) is woken


def test_a_controller_that_waits_for_anything_else_is_left_alone(tmp_path: Path):
    waiting = WOKEN.replace("time.sleep(60)", "import socket\nends = socket.socketpair()\nends[0].recv(1)")
    with subprocess.Popen([sys.executable, "-c", waiting], text=True, stdout=subprocess.PIPE) as daemon:
        try:
            watched(tmp_path, daemon, CONTROLLER, 0)
        finally:
            daemon.kill()
        assert daemon.stdout
        assert not daemon.stdout.read()


def test_the_unit_starts_with_pacemaker():
    files = files_of()
    unit = files["/etc/systemd/system/pacemaker-watch.service"].content
    assert "PartOf" not in unit  # a restart of pacemakerd must not make it forget
    assert f"ExecStart={WATCH}\n" in unit
    assert files[WATCH].mode == 0o755
    assert "Wants=pacemaker-watch.service" in files["/etc/systemd/system/pacemaker.service.d/tuchanka.conf"].content


def test_a_corosync_that_hangs_is_one_of_those_that_are_killed():
    assert re.search(r"@MAY_HANG\s*=.*'/usr/sbin/corosync'", text("pacemaker_watch.pl"))
