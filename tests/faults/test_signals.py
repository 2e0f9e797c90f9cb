"""The program that freezes and kills inside a machine, on processes of this host that it is pointed at."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tuchanka.faults.inside import signals

PROGRAM = Path(signals.__file__)
SLEEP = Path("/bin/sleep").resolve().as_posix()
# A parent that starts another child whenever one has died, as a supervisor does.
RESTLESS = "while :; do /bin/sleep 100 & wait; done"


def choice(program: str, folder: Path, title: str = "") -> str:
    return json.dumps([{"program": program, "folder": str(folder), "title": title}])


def run(verb: str, what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROGRAM), verb, what], capture_output=True, text=True, timeout=20, check=False
    )


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([SLEEP, "100"], cwd=tmp_path) as process:
        yield process
        process.kill()


def test_freeze_then_wake(sleeper: subprocess.Popen[bytes], tmp_path: Path):
    frozen = run("freeze", choice(SLEEP, tmp_path))
    count, ago = frozen.stdout.split()
    assert (frozen.returncode, count, signals.state(sleeper.pid)) == (0, "1", "T")
    assert 0 <= float(ago) < 5
    assert run("wake", choice(SLEEP, tmp_path)).stdout.split()[0] == "1"
    assert signals.state(sleeper.pid) in "SR"
    assert run("wake", choice(SLEEP, tmp_path)).stdout.split()[0] == "0"


def test_kill(sleeper: subprocess.Popen[bytes], tmp_path: Path):
    assert run("kill", choice(SLEEP, tmp_path)).returncode == 0
    assert sleeper.wait(5) == -signal.SIGKILL
    assert run("kill", choice(SLEEP, tmp_path)).returncode == signals.NOT_FOUND


@pytest.mark.parametrize(
    ("program", "folder", "title"), [("/bin/other", "", ""), (SLEEP, "elsewhere", ""), (SLEEP, "", "^another$")]
)
def test_nobody_else_is_hit(sleeper: subprocess.Popen[bytes], tmp_path: Path, program: str, folder: str, title: str):
    assert run("freeze", choice(program, tmp_path / folder, title)).returncode == signals.NOT_FOUND
    assert signals.state(sleeper.pid) in "SR"


def test_all_are_frozen_also_those_that_are_forked_meanwhile(tmp_path: Path):
    shell = Path("/bin/sh").resolve().as_posix()
    what = json.dumps([{"program": one, "folder": str(tmp_path), "title": ""} for one in (shell, SLEEP)])
    with subprocess.Popen(["/bin/sh", "-c", RESTLESS], cwd=tmp_path, start_new_session=True) as parent:
        try:
            end = time.monotonic() + 5
            while len(signals.find(json.loads(what))) < 2 and time.monotonic() < end:
                time.sleep(0.01)
            assert run("freeze", what).returncode == 0
            found = signals.find(json.loads(what))
            assert len(found) == 2
            assert {signals.state(pid) for pid in found} == {"T"}
            assert run("kill", what).returncode == 0
            assert parent.wait(5) == -signal.SIGKILL
            assert {signals.state(pid) for pid in signals.find(json.loads(what))} <= {"Z"}
        finally:
            if parent.poll() is None:
                os.killpg(parent.pid, signal.SIGKILL)
