"""Runs the pcs scripts on a node, one after another, with one loaded pcs: ``python3 pcs_scripts.py SCRIPT…``.

Half a second of each call of pcs is loading its modules, and a cluster takes dozens of calls. So pcs is loaded once,
and each call that a script makes is a fork of that process. The scripts stay plain shell: they find, first on their
PATH, a ``pcs`` that passes its arguments on. This file runs on the nodes, with their Python and nothing else of ours.
"""

import importlib
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

# An argument a line, then an empty line; the exit status comes back. No argument of the scripts is empty.
CLIENT = """#!/bin/sh
printf '%s\\n' "$@" '' > "{folder}/ask"
read -r status < "{folder}/answer"
exit "$status"
"""
LOOK_S = 0.05


def run(script: str, main: Any, folder: Path) -> int:
    """Run one script with ``main`` as its pcs and return its exit status."""
    path = f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    # Open for both ways, so that neither an open nor a read waits for a script that has ended.
    ask = os.open(folder / "ask", os.O_RDWR)
    answer = os.open(folder / "answer", os.O_RDWR)
    received = b""
    with subprocess.Popen(["sh", script], env={**os.environ, "PATH": path}) as process:
        while process.poll() is None:
            if select.select([ask], [], [], LOOK_S)[0]:
                received += os.read(ask, 65536)
            if received.endswith(b"\n\n"):
                status = call(main, received.decode().split("\n")[:-2])
                received = b""
                os.write(answer, f"{status}\n".encode())
    os.close(ask)
    os.close(answer)
    return process.returncode


def call(main: Any, arguments: list[str]) -> int:
    """Run pcs in a fork of this process and return its exit status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            main(arguments)
            status = 0
        except SystemExit as ended:
            if isinstance(ended.code, str):
                sys.stderr.write(f"{ended.code}\n")
            else:
                status = ended.code or 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def load() -> Any:
    """Return pcs's main function; None where this release has it elsewhere, and the real pcs is run instead."""
    try:
        return importlib.import_module("pcs.entry_points.cli").main
    except (ImportError, AttributeError):
        return None


def run_all(scripts: list[str], main: Any) -> int:
    """Run the scripts up to the first that fails, and return its status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.mkfifo(folder / "ask")
        os.mkfifo(folder / "answer")
        client = folder / "pcs"
        client.write_text(CLIENT.format(folder=folder), encoding="utf-8")
        client.chmod(0o755)
        for script in scripts:
            status = run(script, main, folder) if main else subprocess.run(["sh", script], check=False).returncode
            if status != 0:
                return status
    return 0


if __name__ == "__main__":
    sys.exit(run_all(sys.argv[1:], load()))
