"""The few kernel calls that Python 3.11 has no function for."""

import ctypes
import errno
import fcntl
import os
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
MS_REC = 0x4000
MS_SLAVE = 1 << 19
# linux/fs.h; each takes an int that is not used
FIFREEZE = 0xC0045877
FITHAW = 0xC0045878

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def own_mount_namespace() -> None:
    """Give the calling process mounts of its own: what it mounts is gone when it and its children are."""
    _checked(_libc.unshare(CLONE_NEWNS), "unshare")
    _checked(_libc.mount(b"none", b"/", None, MS_REC | MS_SLAVE, None), "/")


def mount_overlay(target: Path, options: str) -> None:
    """Mount an overlay file system."""
    _checked(_libc.mount(b"overlay", str(target).encode(), b"overlay", 0, options.encode()), str(target))


def mount_tmpfs(target: Path) -> None:
    """Mount an empty file system in memory."""
    _checked(_libc.mount(b"tmpfs", str(target).encode(), b"tmpfs", 0, b"mode=0755"), str(target))


def freeze_filesystem(mounted: Path) -> None:
    """Make every write to a mounted file system wait, after what was written so far is on the disk."""
    _ioctl(mounted, FIFREEZE)


def thaw_filesystem(mounted: Path) -> None:
    """Let them go on; safe to repeat."""
    try:
        _ioctl(mounted, FITHAW)
    except OSError as error:
        if error.errno != errno.EINVAL:  # it isn't frozen
            raise


def _ioctl(mounted: Path, request: int) -> None:
    descriptor = os.open(mounted, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, request, 0)
    finally:
        os.close(descriptor)


def enter_network_namespace(file: Path) -> None:
    """Move the calling process into a network namespace."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(_libc.setns(descriptor, CLONE_NEWNET), str(file))
    finally:
        os.close(descriptor)


def child_with_own_pids(pid: int) -> int | None:
    """Return the child of ``pid`` that is the first process of a PID namespace, if there is one yet."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            status = (entry / "status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        if fields.get("PPid", "").strip() == str(pid) and fields.get("NSpid", "").split()[1:] == ["1"]:
            return int(entry.name)
    return None
