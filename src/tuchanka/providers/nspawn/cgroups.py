"""Control groups of a lab, under cgroup v1 (with its hybrid mount) and v2.

Layout below ``tuchanka/LAB``: ``supervisors/MACHINE`` holds a supervisor; ``MACHINE`` has the machine's limits and no
processes of its own, as v2 wants it; ``MACHINE/machine`` holds its nspawn, in leaves that nspawn makes, and
``MACHINE/exec/…`` the commands that are run in it from outside. A machine needs a group of its own in every hierarchy
that systemd uses: with ``--keep-unit`` nspawn puts its payload below the group it was started in.
"""

import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from tuchanka.errors import HostError
from tuchanka.topology.types import Limits
from tuchanka.waiting import wait_until

ROOT = Path("/sys/fs/cgroup")
# v1: the two controllers with limits, and the trees that systemd itself uses; the second has v2's freezer.
V1 = ("pids", "memory", "systemd", "unified")


def is_v2(root: Path = ROOT) -> bool:
    """Say whether the host has the unified hierarchy alone."""
    return (root / "cgroup.controllers").exists()


def hierarchies(root: Path = ROOT) -> tuple[Path, ...]:
    """Return the mount point of every hierarchy in which a lab has groups."""
    if is_v2(root):
        return (root,)
    found = tuple(root / name for name in V1 if (root / name / "cgroup.procs").exists())
    for needed in ("pids", "memory"):
        if root / needed not in found:
            raise HostError(
                f"no {needed} control group controller at {root / needed}",
                hint=f"mount it, or boot the host with cgroup_enable={needed}",
            )
    return found


def freezable(group: str, root: Path = ROOT) -> Path | None:
    """Return the group's folder in the hierarchy of v2, whose freezer is used; ``None`` where none is mounted."""
    unified = root if is_v2(root) else root / "unified"
    return unified / group if (unified / "cgroup.procs").exists() else None


def folders(group: str, root: Path = ROOT) -> tuple[Path, ...]:
    """Return the folders of one group, one a hierarchy."""
    return tuple(hierarchy / group for hierarchy in hierarchies(root))


def make(group: str, root: Path = ROOT) -> None:
    """Make the group in every hierarchy; under v2 hand it the controllers."""
    for folder in folders(group, root):
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
    if is_v2(root):
        parent = root
        for part in Path(group).parts:
            (parent / "cgroup.subtree_control").write_text("+memory +pids")
            parent /= part


def limit(group: str, limits: Limits, root: Path = ROOT) -> None:
    """Set what everything in the group may use together."""
    if is_v2(root):
        settings = {"memory.max": limits.memory_bytes, "memory.swap.max": 0, "pids.max": limits.processes}
        files = {root / group / name: value for name, value in settings.items()}
    else:
        files = {
            root / "memory" / group / "memory.limit_in_bytes": limits.memory_bytes,
            root / "pids" / group / "pids.max": limits.processes,
        }
    for file, value in files.items():
        if file.name != "memory.swap.max" or file.exists():
            file.write_text(str(value))


def entering(group: str, argv: Sequence[str], root: Path = ROOT) -> list[str]:
    """Return the command that moves itself into the group and then becomes ``argv``, under the same PID."""
    move = 'while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"'
    return ["sh", "-c", move, "enter", *(str(folder) for folder in folders(group, root)), "--", *argv]


def processes(group: str, root: Path = ROOT) -> set[int]:
    """Return the PIDs in the group and below it, without the caller's."""
    found: set[int] = set()
    for folder in folders(group, root):
        for file in (folder / "cgroup.procs", *folder.rglob("cgroup.procs")):
            try:
                found |= {int(line) for line in file.read_text().split()}
            except (FileNotFoundError, OSError):  # the group went while it was read
                continue
    return found - {os.getpid(), 0}


async def kill(group: str, root: Path = ROOT) -> None:
    """Kill everything in the group and wait until it is gone (10 s)."""

    async def gone() -> bool:
        left = processes(group, root)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return not left

    await wait_until(gone, deadline_s=10, interval_s=0.05, what=f"the end of all processes in {group}")


async def remove(group: str, root: Path = ROOT) -> None:
    """Remove the group and those below it, in every hierarchy; safe to repeat."""

    async def removed() -> bool:
        for top in folders(group, root):
            below = sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True) if top.exists() else []
            for folder in (*below, top):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    continue
                except OSError:  # still busy: the kernel lets go of dead processes a moment later
                    return False
        return True

    await wait_until(removed, deadline_s=10, interval_s=0.05, what=f"the removal of the control group {group}")


def remove_if_empty(group: str, root: Path = ROOT) -> None:
    """Remove a group without groups below it, unless something still runs in it (a daemon that a command started)."""
    for folder in folders(group, root):
        with contextlib.suppress(OSError):
            folder.rmdir()


async def kill_abandoned(group: str, root: Path = ROOT) -> None:
    """End what commands of dead processes have left running; each has a group called PID.NUMBER after its owner."""
    names = {
        folder.name for top in folders(group, root) if top.exists() for folder in top.iterdir() if folder.is_dir()
    }
    for name in sorted(names):
        owner = name.partition(".")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            await kill(f"{group}/{name}", root)
            await remove(f"{group}/{name}", root)
