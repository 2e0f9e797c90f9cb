"""One command at a time on a lab, and no more of the host for a machine than it is given."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.real.lab import CLUSTER, MACHINES, RealLab, wait_for
from tests.real.leftovers import groups, pids, read

pytestmark = pytest.mark.lab

PROCESSES = 2048
MEMORY = 1 << 30
# Ends at the first fork that fails, and in any case; so does what it started.
FORKS = 'i=0; while [ $i -lt "$1" ]; do sleep 120 & i=$((i+1)); done; echo all were started'


def figure(lab: RealLab, machine: str, *names: str) -> int:
    """Read a figure of the machine's control group; the versions of cgroups have names of their own for it."""
    (file,) = [
        group / machine / name for group in groups(lab.paths) for name in names if exists(group / machine / name)
    ]
    return int(file.read_text())


def exists(file: Path) -> bool:
    return file.exists()


def test_a_second_command_on_a_busy_lab_is_told_so_at_once(disturbed: RealLab) -> None:
    first = disturbed.start("up", CLUSTER)
    first.wait_for(lambda: f"(PID {first.process.pid})" in disturbed.holder(), "the lock")
    first.process.send_signal(signal.SIGSTOP)
    try:
        for command in (("up", CLUSTER), ("power-off",), ("destroy", "--yes")):
            # The first one is stopped: a command that waited for it would never end.
            said = disturbed.run(*command, status=3, seconds=30).stderr
            assert "is working on this lab" in said
            assert str(first.process.pid) in said
            assert len(said.splitlines()) == 1
    finally:
        first.process.send_signal(signal.SIGCONT)
    assert first.end() == 0
    assert disturbed.is_healthy()


@pytest.mark.parametrize("machine", MACHINES)
def test_all_of_a_machine_is_in_its_control_group_with_its_limits(lab: RealLab, machine: str) -> None:
    assert figure(lab, machine, "pids.max") == PROCESSES
    assert figure(lab, machine, "memory.limit_in_bytes", "memory.max") == MEMORY
    namespace = Path(f"/proc/{lab.leader(machine)}/ns/pid").readlink()
    inside = [process for process in pids() if namespace_of(process) == namespace]
    assert len(inside) > 5
    for process in inside:
        places = read(process / "cgroup").splitlines()
        if not places:  # it has just ended
            continue
        limited = [place for place in places if place.split(":")[1] in {"", "pids", "memory"}]
        assert limited
        assert any(f":/{lab.paths.group}/{machine}" in place for place in limited), process


def namespace_of(process: Path) -> Path | None:
    try:
        return (process / "ns/pid").readlink()
    except OSError:  # it has just ended
        return None


def test_a_machine_that_forks_without_end_reaches_its_own_limit_and_not_the_hosts(disturbed: RealLab) -> None:
    def used() -> int:
        return figure(disturbed, "witness", "pids.current")

    before = used()
    forked = disturbed.run("exec", "witness", "--", "sh", "-c", FORKS, "sh", str(PROCESSES + 200), status=None)
    assert forked.returncode != 0
    assert "all were started" not in forked.stdout
    assert "fork" in forked.stderr.lower()
    assert PROCESSES - 100 <= used() <= PROCESSES
    subprocess.run(["true"], check=True, timeout=5)  # the host can still start processes
    assert disturbed.is_healthy()
    for process in pids():
        if is_sleep_in(process, f":/{disturbed.paths.group}/witness/"):
            os.kill(int(process.name), signal.SIGKILL)
    wait_for(lambda: used() <= before + 20, "the end of what was forked", seconds=60)
    assert disturbed.execute("witness", "systemctl", "is-active", "corosync-qnetd") == "active"


def is_sleep_in(process: Path, group: str) -> bool:
    try:
        return (process / "comm").read_text() == "sleep\n" and group in (process / "cgroup").read_text()
    except OSError:  # it has just ended
        return False
