"""What is still on the host of a lab that should be gone, found without asking the program."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tuchanka.lab.folder import lock_file
from tuchanka.providers.nspawn.paths import LabPaths

PROC = Path("/proc")


def leftovers(folder: Path) -> list[str]:
    """Return one line for everything of the lab that is still there; empty if it is gone."""
    paths = LabPaths(folder)
    marks = (str(folder), paths.label)
    return [
        *(f"process {process}" for process in _processes(paths, marks)),
        *(f"mount {mount}" for mount in _mounts(marks)),
        *(f"loop device with {file}" for file in _loops(folder)),
        *(f"control group {group}" for group in groups(paths)),
        *(f"interface {name}" for name in interfaces() if name.startswith(("vb-", "bm-"))),
        *(
            f"file {path}"
            for path in (paths.namespace_file, paths.run, lock_file(folder), folder)
            if path.exists() or path.is_symlink()
        ),
    ]


def _loops(folder: Path) -> list[str]:
    """Return the files of the lab that a loop device still holds."""
    held = [file.read_text().strip() for file in Path("/sys/block").glob("loop*/loop/backing_file")]
    return [file for file in held if file.startswith(f"{folder}/")]


def groups(paths: LabPaths) -> list[Path]:
    """Return the lab's control groups, in every hierarchy that is mounted."""
    mounted = [line.split() for line in (PROC / "self/mountinfo").read_text().splitlines()]
    hierarchies = {Path(fields[4]) for fields in mounted if fields[fields.index("-") + 1].startswith("cgroup")}
    return [group for group in sorted(top / paths.group for top in hierarchies) if group.exists()]


def interfaces() -> set[str]:
    """Return the names of the network interfaces in the host's own namespace."""
    links = subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True, timeout=10)
    return {link["ifname"] for link in json.loads(links.stdout)}


def pids() -> Iterator[Path]:
    """Return the folder in /proc of every process but this one."""
    for entry in PROC.iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            yield entry


def read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:  # the process has just ended
        return ""


def _processes(paths: LabPaths, marks: tuple[str, ...]) -> Iterator[str]:
    for process in pids():
        command = read(process / "cmdline").replace("\0", " ").strip()
        ours = f"/{paths.group}" in read(process / "cgroup") or any(mark in command for mark in marks)
        if ours and not _was_only_waiting_to_be_reaped(process):
            yield f"{process.name}: {command or read(process / 'comm').strip()}"


def _was_only_waiting_to_be_reaped(process: Path) -> bool:
    """Give the host's init a moment for what is dead and needs nothing but its notice."""
    end = time.monotonic() + 5
    while process.exists() and time.monotonic() < end:
        if not re.search(r"^State:\s+Z", read(process / "status"), re.MULTILINE):
            return not process.exists()
        time.sleep(0.05)
    return not process.exists()


def _mounts(marks: tuple[str, ...]) -> set[str]:
    """Look into the mount namespace of every process."""
    return {
        f"{line} (PID {process.name})"
        for process in pids()
        for line in read(process / "mountinfo").splitlines()
        if any(mark in line for mark in marks)
    }
