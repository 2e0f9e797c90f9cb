"""Measures what users wait for, and prints the table of README.md: ``sudo .venv/bin/python benchmarks/measure.py``.

Uses a lab and an image cache of its own and takes both away again. ``--quick`` leaves out the cold demo.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tuchanka.providers.registry import kind

COMMAND = Path(sys.executable).with_name("tuchanka")
ROUNDS = 5


def tuchanka(lab: Path, *arguments: str, images: Path | None = None) -> str:
    environment = os.environ | ({"TUCHANKA_IMAGES": str(images)} if images else {})
    command = [COMMAND, "--lab", lab, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def timed(what: Callable[[], object]) -> float:
    began = time.monotonic()
    what()
    return time.monotonic() - began


def memory_mib(lab: Path) -> float:
    """Anonymous memory of everything in the lab's control groups: machines and supervisors."""
    root, group = Path("/sys/fs/cgroup"), kind("nspawn").paths(lab).group
    v2 = (root / "cgroup.controllers").exists()
    stat = (root / group if v2 else root / "memory" / group) / "memory.stat"
    values = dict(line.split() for line in stat.read_text().splitlines())
    return int(values["anon" if v2 else "total_rss"]) / (1 << 20)


def measure(folder: Path, *, cold: bool) -> list[tuple[str, str, str]]:
    lab, rows = folder / "lab", []
    if cold:
        images = folder / "images"
        seconds = timed(lambda: tuchanka(lab, "demo", "--out", str(folder / "demo"), images=images))
        rows.append(("cold demo (no image)", "< 300 s", f"{seconds:.0f} s"))
        tuchanka(lab, "destroy", "--yes")
        shutil.rmtree(images)
    ups = []
    for _ in range(3):
        ups.append(timed(lambda: tuchanka(lab, "up", "tuchanka2")))
        if len(ups) < 3:
            tuchanka(lab, "destroy", "--yes")
    rows.extend(
        [
            ("up tuchanka2, cached image, median of 3", "< 40 s", f"{statistics.median(ups):.1f} s"),
            ("memory of that lab (three machines)", "", f"{memory_mib(lab):.0f} MiB"),
        ]
    )

    def back() -> None:
        tuchanka(lab, "rollback", "setup", "--yes")
        tuchanka(lab, "up", "tuchanka2")

    rows.append(("rollback to setup, and start to healthy", "< 25 s", f"{timed(back):.1f} s"))
    out = folder / "test"
    tuchanka(lab, "test", "tuchanka2", "--fault", "power-off", "--rounds", str(ROUNDS), "--out", str(out))
    trials = json.loads((out / "summary.json").read_text())["trials"]
    for name, key, goal in (
        ("writes away", "reaction_s", "<= 9 s"),
        ("fresh reads away", "read_reaction_s", "<= 9 s"),
        ("healthy again after the restore's start", "restored_s", "<= 25 s"),
        ("two primaries", "dual_primary_s", "0 s"),
    ):
        values = [trial[key] for trial in trials]
        spread = f"{statistics.median(values):.1f} s ({min(values):.1f} to {max(values):.1f})"
        rows.append((f"power-off of the primary, {ROUNDS} trials: {name}, median", goal, spread))
    lost, acknowledged = (sum(trial[key] for trial in trials) for key in ("lost", "acknowledged"))
    rows.append((f"power-off of the primary, {ROUNDS} trials: commits lost", "", f"{lost} of {acknowledged}"))
    tuchanka(lab, "destroy", "--yes")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    folder = Path(tempfile.mkdtemp(prefix="tuchanka-bench.", dir="/var/tmp"))
    try:
        rows = measure(folder, cold=not quick)
    finally:
        subprocess.run([COMMAND, "--lab", folder / "lab", "destroy", "--yes"], capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(os.sched_getaffinity(0))} cores, {platform.release()}\n")
    print("| what | goal | measured |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
