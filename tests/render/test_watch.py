"""The watch over Pacemaker's daemons, on processes that tick, stand still and work."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tuchanka.render.watch import PROGRAM, watch_files
from tuchanka.timing.profiles import PROFILES

pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="no perl on this host")

NAME = "tuchanka-test-of-the-watch"
# A daemon that sleeps until somebody connects, one with a timer, and one that computes; each in one process.
SERVE = f"""
import socket
server = socket.socket(socket.AF_UNIX)
server.bind("\\0{NAME}".ljust(108, "\\0"))
server.listen()
while True: server.accept()[0].close()
"""
TICK = "import time\nwhile True: time.sleep(0.2)"
SPIN = "while True: pass"
SLEEP = "import time\ntime.sleep(60)"
HANG = "import socket\nends = socket.socketpair()\nends[0].recv(1)"


def content(*, young_s: int) -> str:
    """Return the watch's text for daemons that are no longer young after so long."""
    text = watch_files(PROFILES["fast"])[PROGRAM].content
    assert "$YOUNG_S    = 5;" in text
    return text.replace("$YOUNG_S    = 5;", f"$YOUNG_S = {young_s};")


@pytest.mark.parametrize(
    ("program", "freeze", "killed"),
    [
        pytest.param(SERVE, False, False, id="woken"),
        pytest.param(TICK, False, False, id="ticking"),
        pytest.param(SPIN, False, False, id="computing"),
        pytest.param(SLEEP, False, False, id="sleeping"),
        pytest.param(HANG, False, True, id="hanging"),
        pytest.param(SLEEP, True, True, id="frozen asleep"),
        pytest.param(SERVE, True, True, id="frozen"),
    ],
)
def test_only_what_stands_still_is_killed(tmp_path: Path, program: str, freeze: bool, killed: bool):
    watch = tmp_path / "watch"
    with subprocess.Popen([sys.executable, "-c", program]) as daemon:
        try:
            time.sleep(0.5)  # by then it executes what it is to execute
            executed = Path(f"/proc/{daemon.pid}/exe").readlink().as_posix()
            text = content(young_s=0)
            # Of all that execute the same program on this host this one alone is meant.
            text = text.replace("glob '/proc/[0-9]*'", f"'/proc/{daemon.pid}'")
            text = text.replace("'/usr/lib/pacemaker/pacemaker-based'", f"'{executed}'")
            watch.write_text(text.replace("'cib_ro'", f"'{NAME}'"))
            if freeze:
                daemon.send_signal(signal.SIGSTOP)
            with subprocess.Popen(["perl", str(watch)], stdout=subprocess.DEVNULL) as watching:
                time.sleep(3)
                watching.kill()
            assert (daemon.poll() == -signal.SIGKILL) is killed
        finally:
            daemon.kill()


def test_pacemakerd_is_not_to_blame_for_another_daemon_that_hangs(tmp_path: Path):
    watch = tmp_path / "watch"
    text = content(young_s=0)
    with (
        subprocess.Popen(["perl", "-e", "pipe my $in, my $out; readline $in"]) as waiting,
        subprocess.Popen([sys.executable, "-c", HANG]) as hanging,
    ):
        try:
            time.sleep(0.5)
            for daemon, name in ((waiting, "/usr/sbin/pacemakerd"), (hanging, "/usr/lib/pacemaker/pacemaker-attrd")):
                text = text.replace(f"'{name}'", f"'{Path(f'/proc/{daemon.pid}/exe').readlink()}'")
            watch.write_text(text.replace("glob '/proc/[0-9]*'", f"'/proc/{waiting.pid}', '/proc/{hanging.pid}'"))
            with subprocess.Popen(["perl", str(watch)], stdout=subprocess.DEVNULL) as watching:
                time.sleep(2)
                watching.kill()
            assert (waiting.poll(), hanging.poll()) == (None, None)
            hanging.kill()
            hanging.wait()
            with subprocess.Popen(["perl", str(watch)], stdout=subprocess.DEVNULL) as watching:
                time.sleep(2)
                watching.kill()
            assert waiting.poll() == -signal.SIGKILL
        finally:
            waiting.kill()
            hanging.kill()


def test_a_daemon_that_has_just_started_is_not_blamed(tmp_path: Path):
    watch = tmp_path / "watch"
    with subprocess.Popen([sys.executable, "-c", HANG]) as daemon:
        try:
            time.sleep(0.5)
            text = content(young_s=60).replace("glob '/proc/[0-9]*'", f"'/proc/{daemon.pid}'")
            executed = Path(f"/proc/{daemon.pid}/exe").readlink()
            watch.write_text(text.replace("'/usr/lib/pacemaker/pacemaker-based'", f"'{executed}'"))
            with subprocess.Popen(["perl", str(watch)], stdout=subprocess.DEVNULL) as watching:
                time.sleep(2)
                watching.kill()
            assert daemon.poll() is None
        finally:
            daemon.kill()


def test_the_unit_starts_with_pacemaker():
    files = watch_files(PROFILES["fast"])
    unit = files["/etc/systemd/system/pacemaker-watch.service"].content
    assert "PartOf" not in unit  # a restart of pacemakerd must not make it forget
    assert f"ExecStart={PROGRAM}\n" in unit
    assert files[PROGRAM].mode == 0o755
    assert "Wants=pacemaker-watch.service" in files["/etc/systemd/system/pacemaker.service.d/tuchanka.conf"].content
