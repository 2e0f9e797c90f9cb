"""The control groups, in folders that look like the two layouts of the kernel."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from tuchanka.errors import HostError
from tuchanka.providers.nspawn import cgroups
from tuchanka.topology.types import Limits

LIMITS = Limits(memory_bytes=1 << 30, processes=2048, root_disk_bytes=1 << 30, data_disk_bytes=1 << 30)
GROUP = "tuchanka/lab-1/a"


@pytest.fixture
def v1(tmp_path: Path) -> Path:
    for name in ("pids", "memory", "systemd", "cpu"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").touch()
    return tmp_path


@pytest.fixture
def v2(tmp_path: Path) -> Path:
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids")
    (tmp_path / "cgroup.procs").touch()
    return tmp_path


def test_v1_has_a_group_in_every_hierarchy_that_systemd_or_a_limit_uses(v1: Path):
    cgroups.make(GROUP, v1)
    assert cgroups.folders(GROUP, v1) == tuple(v1 / name / GROUP for name in ("pids", "memory", "systemd"))
    assert all(folder.is_dir() for folder in cgroups.folders(GROUP, v1))
    assert not (v1 / "cpu" / "tuchanka").exists()
    cgroups.make(GROUP, v1)


@pytest.mark.parametrize("lacking", ["pids", "memory"])
def test_v1_without_a_controller_that_limits_is_refused(v1: Path, lacking: str):
    (v1 / lacking / "cgroup.procs").unlink()
    with pytest.raises(HostError, match=f"no {lacking} control group controller.*; mount it"):
        cgroups.make(GROUP, v1)


def test_v2_has_one_group_and_is_handed_the_controllers_from_above(v2: Path):
    cgroups.make(GROUP, v2)
    assert cgroups.folders(GROUP, v2) == (v2 / GROUP,)
    for folder in (v2, v2 / "tuchanka", v2 / "tuchanka/lab-1"):
        assert (folder / "cgroup.subtree_control").read_text() == "+memory +pids"
    # A group that hands controllers down may not hold processes, and this one is to hold the machine's.
    assert not (v2 / GROUP / "cgroup.subtree_control").exists()


def test_the_freezer_is_that_of_v2_which_a_hybrid_host_has_too(v1: Path, v2: Path):
    assert cgroups.freezable(GROUP, v2) == v2 / GROUP
    (v2 / "cgroup.controllers").unlink()  # the two fixtures share one folder
    assert cgroups.freezable(GROUP, v1) is None
    (v1 / "unified").mkdir()
    (v1 / "unified/cgroup.procs").touch()
    assert cgroups.freezable(GROUP, v1) == v1 / "unified" / GROUP


def test_v1_limits_memory_and_processes(v1: Path):
    cgroups.make(GROUP, v1)
    cgroups.limit(GROUP, LIMITS, v1)
    assert (v1 / "memory" / GROUP / "memory.limit_in_bytes").read_text() == str(1 << 30)
    assert (v1 / "pids" / GROUP / "pids.max").read_text() == "2048"


@pytest.mark.parametrize("swap", [True, False])
def test_v2_limits_memory_swap_if_there_is_any_and_processes(v2: Path, *, swap: bool):
    cgroups.make(GROUP, v2)
    if swap:
        (v2 / GROUP / "memory.swap.max").touch()
    cgroups.limit(GROUP, LIMITS, v2)
    assert (v2 / GROUP / "memory.max").read_text() == str(1 << 30)
    assert (v2 / GROUP / "pids.max").read_text() == "2048"
    assert (v2 / GROUP / "memory.swap.max").exists() == swap


def test_a_command_enters_every_hierarchy_and_keeps_its_arguments(v1: Path):
    cgroups.make(GROUP, v1)
    command = cgroups.entering(GROUP, ["printf", "<%s>", "two words", "--", "$x"], v1)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "<two words><--><$x>"
    for folder in cgroups.folders(GROUP, v1):
        assert (folder / "cgroup.procs").read_text() == "0\n"


def test_a_command_that_can_not_enter_is_not_run(v1: Path):
    done = subprocess.run(cgroups.entering(GROUP, ["echo", "ran"], v1), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (125, "")


def test_processes_are_those_of_the_group_and_below_without_our_own(v1: Path):
    leaf = "payload"
    cgroups.make(f"{GROUP}/{leaf}", v1)
    (v1 / "pids" / GROUP / "cgroup.procs").write_text(f"11\n{os.getpid()}\n")
    (v1 / "systemd" / GROUP / leaf / "cgroup.procs").write_text("12\n0\n")
    assert cgroups.processes(GROUP, v1) == {11, 12}
    assert cgroups.processes("tuchanka/other", v1) == set()


def test_a_group_is_removed_with_those_below_it_and_once_more(v1: Path):
    cgroups.make(f"{GROUP}/exec/1.2", v1)
    asyncio.run(cgroups.remove("tuchanka/lab-1", v1))
    asyncio.run(cgroups.remove("tuchanka/lab-1", v1))
    assert not (v1 / "pids/tuchanka/lab-1").exists()
    assert (v1 / "pids/tuchanka").exists()


def test_only_what_dead_processes_have_left_is_taken_away(v1: Path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    for name in (f"{dead.pid}.0", f"{os.getpid()}.0", "user"):
        cgroups.make(f"{GROUP}/exec/{name}", v1)
    asyncio.run(cgroups.kill_abandoned(f"{GROUP}/exec", v1))
    assert {folder.name for folder in (v1 / "pids" / GROUP / "exec").iterdir()} == {f"{os.getpid()}.0", "user"}


def test_killing_ends_what_runs_and_waits_for_it(v1: Path):
    victim = subprocess.Popen(["sleep", "60"])
    cgroups.make(GROUP, v1)
    procs = v1 / "pids" / GROUP / "cgroup.procs"
    procs.write_text(f"{victim.pid}\n")

    async def work() -> None:
        killing = asyncio.create_task(cgroups.kill(GROUP, v1))
        await asyncio.to_thread(victim.wait, 10)
        assert not killing.done()
        procs.write_text("")  # as the kernel does
        await killing

    asyncio.run(work())
    assert victim.returncode == -9
