"""Time and memory against the number of machines, as a table: ``sudo .venv/bin/python benchmarks/scale.py``.

Needs the cached image; uses a lab of its own for each row and takes it away again. Rows are named on the command line
(``three nine``), all of them without. Nothing else should run meanwhile.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measure import COMMAND, memory_mib, timed, tuchanka

from tuchanka.topology.load import default_text, load

EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass(frozen=True)
class Row:
    """A topology's text, or the built-in one, and the clusters to bring up (none: all)."""

    what: str
    text: Callable[[], str]
    clusters: tuple[str, ...] = ()


def thirteen() -> str:
    """The built-in topology and a copy of its largest cluster."""
    text = default_text()
    begin = text.index("[clusters.tuchanka4]")
    copy = text[begin:].replace("tuchanka4", "tuchanka5").replace("krogan4", "krogan5")
    for last in (*range(21, 25), *range(105, 109)):
        copy = copy.replace(f'"192.168.89.{last}"', f'"192.168.89.{last + 40}"')
    return f"{text}\n{copy}"


ROWS = {
    "three": Row("tuchanka2: one cluster with the witness", default_text, ("tuchanka2",)),
    "three-sites": Row("examples/three-sites.toml", (EXAMPLES / "three-sites.toml").read_text),
    "five": Row("tuchanka4: one cluster with the witness", default_text, ("tuchanka4",)),
    "seven": Row("examples/seven-nodes.toml", (EXAMPLES / "seven-nodes.toml").read_text),
    "nine": Row("the built-in topology", default_text),
    "thirteen": Row("the built-in topology and a second tuchanka4", thirteen),
}


def measure(folder: Path, name: str, row: Row) -> str:
    """Bring the lab up from nothing, go back to setup and up again; return the row of the table."""
    lab, file = folder / name, folder / f"{name}.toml"
    file.write_text(row.text())
    topology = load(file)
    chosen = [cluster for cluster in topology.clusters if not row.clusters or cluster.name in row.clusters]
    machines = sum(len(cluster.nodes) for cluster in chosen) + any(cluster.witness for cluster in chosen)
    words = ("--topology", str(file))
    try:
        up = timed(lambda: tuchanka(lab, *words, "up", *row.clusters))
        memory = memory_mib(lab)
        rollback = timed(lambda: tuchanka(lab, *words, "rollback", "setup", "--yes"))
        again = timed(lambda: tuchanka(lab, *words, "up", *row.clusters))
    finally:
        subprocess.run([COMMAND, "--lab", lab, "destroy", "--yes"], capture_output=True, check=False)
    instances = sum(len(cluster.instances) for cluster in chosen)
    return (
        f"| {machines} | {len(chosen)} | {instances} | {row.what} | {up:.1f} s | {rollback + again:.1f} s "
        f"| {memory:.0f} MiB | {memory / machines:.0f} MiB |"
    )


def main() -> None:
    names = sys.argv[1:] or list(ROWS)
    if unknown := set(names) - set(ROWS):
        sys.exit(f"no such row: {', '.join(sorted(unknown))}; choose from: {', '.join(ROWS)}")
    folder = Path(tempfile.mkdtemp(prefix="tuchanka-scale.", dir="/var/tmp"))
    print(f"{len(os.sched_getaffinity(0))} cores, {platform.release()}\n")
    print("| machines | clusters | instances | topology | up | rollback to setup, and up | memory | of one machine |")
    print("|---:|---:|---:|---|---:|---:|---:|---:|", flush=True)
    try:
        for name in names:
            print(measure(folder, name, ROWS[name]), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
