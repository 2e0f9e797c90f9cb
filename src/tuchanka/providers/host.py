"""What a provider says about this host, and the looking that it takes. Nothing that is tried leaves a trace."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROBE_TIMEOUT_S = 15
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")
"""Looked through after PATH, which hasn't got the sbin folders for an ordinary user."""


@dataclass(frozen=True)
class HostCheck:
    """One thing of the host that was looked at.

    ``found`` says what is there, ``remedy`` is the command (or the step) that puts it right: empty where ``ok``.
    ``package`` is the package that ``remedy`` installs, empty where it isn't about a package.
    """

    name: str
    ok: bool
    found: str
    needed_for: str
    remedy: str = ""
    package: str = ""


def search_path() -> str:
    """Return PATH with the system's folders after it."""
    return os.pathsep.join((os.environ.get("PATH", ""), *SYSTEM_FOLDERS))


def read(path: str) -> str:
    """The text of a file in /proc, /sys or /etc; empty where it isn't there."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def nearest(folder: Path) -> Path:
    """``folder``, or the nearest folder above it that exists."""
    while not folder.is_dir():
        folder = folder.parent
    return folder


def attempt(command: list[str], cwd: str | None = None) -> str:
    """Run the command; return what it complained about, empty where it worked."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "PATH": search_path(), "LC_ALL": "C"},
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
