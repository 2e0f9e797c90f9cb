"""The watch over Pacemaker's daemons, on processes that tick, stand still and work."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tuchanka.render.watch import PROGRAM, watch_files

pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="no perl on this host")

# A daemon's timer, in a process of its own: a shell would start others.
TICK = "import time\nwhile True: time.sleep(0.3)"
SPIN = "while True: pass"


@pytest.mark.parametrize(
    ("program", "freeze", "killed"), [(TICK, False, False), (SPIN, False, False), (TICK, True, True)]
)
def test_only_what_stands_still_is_killed(tmp_path: Path, program: str, freeze: bool, killed: bool):
    watch = tmp_path / "watch"
    with subprocess.Popen([sys.executable, "-c", program]) as daemon:
        try:
            time.sleep(0.5)  # by then it executes what it is to execute
            executed = Path(f"/proc/{daemon.pid}/exe").readlink().as_posix()
            text = watch_files()[PROGRAM].content
            # Of all that execute the same program on this host this one alone is meant.
            text = text.replace("glob '/proc/[0-9]*'", f"'/proc/{daemon.pid}'")
            watch.write_text(
                text.replace("'/usr/lib/pacemaker/pacemaker-based', '/usr/sbin/pacemakerd'", f"'{executed}'")
            )
            if freeze:
                daemon.send_signal(signal.SIGSTOP)
            with subprocess.Popen(["perl", str(watch)], stdout=subprocess.DEVNULL) as watching:
                time.sleep(3)
                watching.kill()
            assert (daemon.poll() == -signal.SIGKILL) is killed
        finally:
            daemon.kill()


def test_the_unit_starts_with_pacemaker():
    files = watch_files()
    unit = files["/etc/systemd/system/pacemaker-watch.service"].content
    assert "PartOf" not in unit  # a restart of pacemakerd must not make it forget
    assert f"ExecStart={PROGRAM}\n" in unit
    assert files[PROGRAM].mode == 0o755
    assert "Wants=pacemaker-watch.service" in files["/etc/systemd/system/pacemaker.service.d/tuchanka.conf"].content
