"""Freezes, kills or wakes processes of this machine, chosen exactly: ``signals.py freeze|kill|wake JSON``.

The JSON is a list of processes; each names the file that a process executes, and may narrow that down by its current
directory and by a pattern of its command line. It writes how many processes it found, and how many seconds ago the
first signal was sent. Status 3: no process was found. Status 4: they would not stop.
"""

import contextlib
import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import TypedDict

PROC = Path("/proc")
DEADLINE_S = 5.0
NOT_FOUND, NOT_STOPPED = 3, 4
GONE = (FileNotFoundError, ProcessLookupError, PermissionError)


class Processes(TypedDict):
    """Which processes are meant; an empty ``folder`` or ``title`` means any."""

    program: str
    folder: str
    title: str


def matches(process: Path, one: Processes) -> bool:
    """Say whether a process is one of those meant."""
    try:
        # An upgraded program is shown with " (deleted)" behind its name.
        if (process / "exe").readlink().as_posix().removesuffix(" (deleted)") != one["program"]:
            return False
        if one["folder"] and (process / "cwd").readlink().as_posix() != one["folder"]:
            return False
        title = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except GONE:
        return False
    return re.search(one["title"], title) is not None


def find(chosen: list[Processes]) -> set[int]:
    """Return the PIDs that are meant, without this process."""
    numbers = [entry for entry in PROC.iterdir() if entry.name.isdigit() and int(entry.name) != os.getpid()]
    return {int(entry.name) for entry in numbers for one in chosen if matches(entry, one)}


def state(pid: int) -> str:
    """Return the state's letter (proc_pid_stat(5)), or X where the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except GONE:
        return "X"


def send(pids: set[int], number: signal.Signals) -> None:
    """Send a signal to all; one that has just gone doesn't matter."""
    for pid in sorted(pids):  # a parent before its children, mostly
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def freeze(chosen: list[Processes]) -> set[int]:
    """Stop them until every one has stopped, also those that were forked meanwhile; return them, or raise."""
    end = time.monotonic() + DEADLINE_S
    while True:
        found = find(chosen)
        running = {pid for pid in found if state(pid) not in "TtZX"}
        if not running:
            return found
        if time.monotonic() > end:
            raise TimeoutError
        send(running, signal.SIGSTOP)
        time.sleep(0.002)


def main() -> int:
    """Do as the arguments say."""
    verb, chosen = sys.argv[1], json.loads(sys.argv[2])
    started = time.monotonic()
    if verb == "wake":
        found = {pid for pid in find(chosen) if state(pid) == "T"}
        send(found, signal.SIGCONT)
    else:
        try:
            found = freeze(chosen)
        except TimeoutError:
            return NOT_STOPPED
        if verb == "kill":
            # All of them are frozen, so that no parent starts another between two deaths.
            started = time.monotonic()
            send(found, signal.SIGKILL)
        if not found:
            return NOT_FOUND
    sys.stdout.write(f"{len(found)} {time.monotonic() - started}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
