import os
from pathlib import Path

import pytest

from tuchanka.providers.nspawn import host

UNIFIED = "35 25 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate"
HYBRID = """\
30 20 0:26 / /sys/fs/cgroup rw shared:8 - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory
32 30 0:28 / /sys/fs/cgroup/pids rw shared:10 - cgroup cgroup rw,pids
33 30 0:29 / /sys/fs/cgroup/unified rw shared:11 - cgroup2 cgroup2 rw
"""


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
    check = host.of_cgroups(mountinfo, controllers)

    assert (check.ok, check.found) == (ok, found)
    assert bool(check.remedy) is not ok


def test_controllers_mounted_together_count():
    together = "31 30 0:27 / /sys/fs/cgroup/all rw - cgroup cgroup rw,cpu,memory,pids"

    assert host.of_cgroups(together, "").ok


@pytest.mark.parametrize(
    ("text", "ok"), [("128\n", False), ("511", False), ("512\n", True), ("8192\n", True), ("", False)]
)
def test_inotify_instances_are_enough_or_the_command_says_how(text: str, ok: bool):
    check = host.of_inotify(text)
    assert check.ok is ok
    assert bool(check.remedy) is not ok


def test_a_kernel_feature_that_works_has_nothing_to_correct_and_another_says_how():
    assert host.of_kernel("overlayfs", "", "snapshots", "overlay").ok
    check = host.of_kernel("overlayfs", "unknown filesystem type", "snapshots", "overlay")
    assert (check.ok, check.found, check.remedy) == (False, "unknown filesystem type", "modprobe overlay")
    assert host.of_kernel("namespaces", "Operation not permitted", "machines").remedy


def test_what_needs_root_is_tried_by_root_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert [check.name for check in host.checks(tmp_path)] == ["cgroups", "inotify instances"]
    assert list(tmp_path.iterdir()) == []
