"""Looking at the host. Every attempt is harmless: what it makes lives in namespaces that end with it."""

import glob
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

PROBE_TIMEOUT_S = 15
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")
"""Looked through after PATH, which hasn't got the sbin folders for an ordinary user."""


def find(choices: tuple[str, ...]) -> str | None:
    """The path of the first of ``choices`` that is there: names of programs, or absolute paths with ``*``."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *SYSTEM_FOLDERS))
    for choice in choices:
        if choice.startswith("/"):
            matches = sorted(glob.glob(choice))  # noqa: PTH207 - the pattern is absolute
            if matches:
                return matches[-1]
        elif found := shutil.which(choice, path=path):
            return found
    return None


def read(path: str) -> str:
    """The text of a file in /proc, /sys or /etc; empty where it isn't there."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def free_bytes(folder: Path) -> int:
    """Room on the file system that ``folder`` is, or will be, on."""
    return shutil.disk_usage(nearest(folder)).free


def nearest(folder: Path) -> Path:
    """``folder``, or the nearest folder above it that exists."""
    while not folder.is_dir():
        folder = folder.parent
    return folder


def try_links() -> str:
    """Make a bridge and a veth pair in a network namespace of their own; what failed, empty where it worked."""
    script = "ip link add probe0 type bridge && ip link add probe1 type veth peer name probe2"
    return _attempt(["unshare", "--net", "--", "sh", "-c", script])


def try_namespaces() -> str:
    """Start a process in every kind of namespace a machine has; what failed, empty where it worked."""
    return _attempt(["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--", "true"])


def try_overlay(folder: Path) -> str:
    """Mount an overlay whose layers are where ``folder`` is; what failed, empty where it worked.

    It has to be tried on the very file system: an overlay can't be the upper layer of another one, which is
    what a container engine often gives.
    """
    script = (
        "mkdir lower upper work merged && "
        "mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged"
    )
    try:
        with tempfile.TemporaryDirectory(prefix=".tuchanka-probe-", dir=nearest(folder)) as room:
            return _attempt(["unshare", "--mount", "--", "sh", "-c", script], cwd=room)
    except OSError as error:
        return error.strerror or str(error)


def try_loop(folder: Path) -> str:
    """Mount a file in ``folder`` as a disk; what failed, empty where it worked."""
    script = "truncate -s 8M disk && mkfs.ext4 -q disk && mkdir mounted && mount -t ext4 -o loop disk mounted"
    try:
        with tempfile.TemporaryDirectory(prefix=".tuchanka-probe-", dir=nearest(folder)) as room:
            return _attempt(["unshare", "--mount", "--", "sh", "-c", script], cwd=room)
    except OSError as error:
        return error.strerror or str(error)


def _attempt(command: list[str], cwd: str | None = None) -> str:
    path = os.pathsep.join((os.environ.get("PATH", ""), *SYSTEM_FOLDERS))
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "PATH": path, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        return f"{command[0]} is missing"
    except subprocess.TimeoutExpired:
        return f"no answer within {PROBE_TIMEOUT_S} s"
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    return lines[0] if lines else f"status {done.returncode}"
