from pathlib import Path

import pytest

from tuchanka.doctor import findings
from tuchanka.doctor.requirements import Requirement

UNIFIED = "35 25 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate"
HYBRID = """\
30 20 0:26 / /sys/fs/cgroup rw shared:8 - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory
32 30 0:28 / /sys/fs/cgroup/pids rw shared:10 - cgroup cgroup rw,pids
33 30 0:29 / /sys/fs/cgroup/unified rw shared:11 - cgroup2 cgroup2 rw
"""


def test_a_missing_program_names_its_package():
    wanted = Requirement("run", "iproute2", ("ip",), "networks")

    check = findings.of_program(wanted, None, debian_like=True)

    assert not check.ok
    assert check.mend == "apt-get install --no-install-recommends iproute2"


def test_elsewhere_the_package_manager_is_left_open():
    wanted = Requirement("run", "iproute2", ("ip",), "networks")

    assert "apt-get" not in findings.of_program(wanted, None, debian_like=False).mend


def test_a_program_that_is_there_needs_no_mending():
    check = findings.of_program(Requirement("run", "iproute2", ("ip",), "networks"), "/sbin/ip", debian_like=True)

    assert (check.ok, check.found, check.mend) == (True, "/sbin/ip", "")


def test_one_command_installs_a_package_once():
    assert findings.install_command(["a", "b", "a"], debian_like=True).endswith(" a b")


@pytest.mark.parametrize(
    ("mountinfo", "controllers", "ok", "found"),
    [
        (UNIFIED, "cpuset cpu io memory pids\n", True, "v2 with memory and pids"),
        (HYBRID, "", True, "v1 with memory and pids"),
        (HYBRID, "cpu io", True, "v1 with memory and pids"),
        (UNIFIED, "cpu io pids", False, "v2 without memory"),
        (HYBRID.replace("rw,pids", "rw,cpu"), "", False, "v1 without pids"),
        ("", "", False, "no memory and pids controllers"),
    ],
)
def test_cgroups(mountinfo: str, controllers: str, ok: bool, found: str):
    check = findings.of_cgroups(mountinfo, controllers)

    assert (check.ok, check.found) == (ok, found)
    assert bool(check.mend) is not ok


def test_controllers_mounted_together_count():
    together = "31 30 0:27 / /sys/fs/cgroup/all rw - cgroup cgroup rw,cpu,memory,pids"

    assert findings.of_cgroups(together, "").ok


@pytest.mark.parametrize(("free_bytes", "ok"), [(4 * 10**9, True), (4 * 10**9 - 1, False), (0, False)])
def test_disk(free_bytes: int, ok: bool):
    check = findings.of_disk(Path("/somewhere"), free_bytes)

    assert check.ok is ok
    assert "/somewhere" in check.name


@pytest.mark.parametrize(("kib", "ok"), [(2 * 2**20, True), (2 * 2**20 - 1, False)])
def test_memory(kib: int, ok: bool):
    assert findings.of_memory(f"MemTotal:  9 kB\nMemAvailable: {kib} kB\n").ok is ok


def test_an_unreadable_meminfo_is_no_memory():
    assert not findings.of_memory("").ok


@pytest.mark.parametrize(
    "check",
    [
        findings.of_user(1000),
        findings.of_system("Darwin", "24"),
        findings.of_machine("riscv64"),
        findings.of_python((3, 10, 4)),
        findings.of_kernel("overlayfs", "unknown filesystem type", "snapshots", "overlay"),
        findings.of_kernel("namespaces", "Operation not permitted", "machines"),
    ],
)
def test_whatever_is_wrong_says_how_to_mend_it(check: findings.Check):
    assert not check.ok
    assert check.found
    assert check.mend


@pytest.mark.parametrize(
    "check",
    [
        findings.of_user(0),
        findings.of_system("Linux", "6.1"),
        findings.of_machine("aarch64"),
        findings.of_python((3, 14, 0)),
        findings.of_kernel("overlayfs", "", "snapshots", "overlay"),
    ],
)
def test_whatever_is_right_has_nothing_to_mend(check: findings.Check):
    assert check.ok
    assert check.mend == ""


@pytest.mark.parametrize(
    ("text", "ok"), [("128\n", False), ("511", False), ("512\n", True), ("8192\n", True), ("", False)]
)
def test_inotify_instances_are_enough_or_the_command_says_how(text: str, ok: bool):
    check = findings.of_inotify(text)
    assert check.ok is ok
    assert bool(check.mend) is not ok
