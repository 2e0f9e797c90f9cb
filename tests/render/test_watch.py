"""The watch over Pacemaker's daemons, on processes that tick, wait, stand still and work."""

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

# Each in one process: a shell would start others.
TICK = "import time\nwhile True: time.sleep(0.2)"
SPIN = "while True: pass"
SLEEP = "import time\ntime.sleep(60)"
ASK = "import socket\nends = socket.socketpair()\nends[0].recv(1)"
LOCK = "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()"


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
def test_only_what_stands_still_by_itself_is_killed(tmp_path: Path, program: str, freeze: bool, killed: bool):
    watch = tmp_path / "watch"
    with subprocess.Popen([sys.executable, "-c", program]) as daemon:
        try:
            time.sleep(0.5)  # by then it executes what it is to execute
            executed = Path(f"/proc/{daemon.pid}/exe").readlink().as_posix()
            text = watch_files(PROFILES["fast"])[PROGRAM].content
            # Of all that execute the same program on this host this one alone is meant.
            text = text.replace("glob '/proc/[0-9]*'", f"'/proc/{daemon.pid}'")
            watch.write_text(text.replace("'/usr/lib/pacemaker/pacemaker-based'", f"'{executed}'"))
            if freeze:
                daemon.send_signal(signal.SIGSTOP)
            with subprocess.Popen(["perl", str(watch)], stdout=subprocess.DEVNULL) as watching:
                time.sleep(3)
                watching.kill()
            assert (daemon.poll() == -signal.SIGKILL) is killed
        finally:
            daemon.kill()


def test_the_unit_starts_with_pacemaker():
    files = watch_files(PROFILES["fast"])
    unit = files["/etc/systemd/system/pacemaker-watch.service"].content
    assert "PartOf" not in unit  # a restart of pacemakerd must not make it forget
    assert f"ExecStart={PROGRAM}\n" in unit
    assert files[PROGRAM].mode == 0o755
    assert "Wants=pacemaker-watch.service" in files["/etc/systemd/system/pacemaker.service.d/tuchanka.conf"].content
