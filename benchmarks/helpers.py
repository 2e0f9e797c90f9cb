"""Measures what the helpers are worth: ``sudo .venv/bin/python benchmarks/helpers.py``.

The thirteen faults of the table in README.md, on the primary of tuchanka2, first with ``examples/stock.toml`` (plain
PAF, plain Pacemaker), then with every helper; all else is the same. Prints the table, and leaves both reports
in ``--out``. Uses labs of its own and takes them away again; nothing else should run meanwhile. Five rounds take
about an hour and a half, most of it the hung servers of the stock stack.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("tuchanka")
STOCK = Path(__file__).parents[1] / "examples" / "stock.toml"
FAULTS = (
    "power-off",
    "reset",
    "unlink",
    "isolate-site",
    "freeze-sbd",
    "freeze-corosync",
    "freeze-pacemakerd",
    "kill-postgres",
    "freeze-postgres",
    "shut-down",
    "switchover",
    "fork-bomb",
    "data-disk-full",
)


def with_helpers(text: str) -> str:
    """The same topology, every helper on, under another name."""
    key = "\nstock = true\n"
    assert text.count(key) == 1
    return text.replace(key, "\nstock = false\n").replace('name = "stock"', 'name = "helped"', 1)


def campaign(topology: Path, out: Path, rounds: int, faults: list[str]) -> list[dict[str, Any]]:
    """Run all faults and return the trials; a failed trial is a result like another, and doesn't stop it."""
    lab = ["--lab", str(out / "lab"), "--topology", str(topology)]
    chosen = [word for fault in faults for word in ("--fault", fault)]
    test = [*lab, "test", "tuchanka2", "--target", "primary", "--rounds", str(rounds), *chosen]
    try:
        done = subprocess.run([COMMAND, *test, "--out", str(out / "test")], check=False)
        if done.returncode > 1:
            sys.exit(f"the campaign ended with {done.returncode}")
    finally:
        subprocess.run([COMMAND, *lab, "destroy", "--yes"], check=False)
    trials: list[dict[str, Any]] = json.loads((out / "test" / "summary.json").read_text())["trials"]
    return trials


def cell(trials: list[dict[str, Any]]) -> str:
    """The median and every reaction of one fault; what failed is counted, with the first reason."""
    reactions = sorted(trial["reaction_s"] or 0.0 for trial in trials if trial["recovered"])
    failed = [trial for trial in trials if not trial["recovered"]]
    said = []
    if reactions:
        each = ", ".join(f"{one:.1f}" if one else "-" for one in reactions)
        median = statistics.median(reactions)
        said.append(f"{median:.1f} s ({each})" if median else f"not away ({each})")
    if failed:
        said.append(f"{len(failed)} failed: {failed[0].get('problem') or 'no reason given'}")
    return "; ".join(said) or "not run"


def lost(trials: list[dict[str, Any]]) -> str:
    return f"{sum(trial['lost'] for trial in trials)} of {sum(trial['acknowledged'] for trial in trials)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="a new folder for both campaigns")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fault", action="append", choices=FAULTS, help="only this one; may be repeated")
    chosen = parser.parse_args()
    faults = chosen.fault or list(FAULTS)
    chosen.out.mkdir(parents=True)
    helped = chosen.out / "helped.toml"
    helped.write_text(with_helpers(STOCK.read_text()))
    measured = {
        name: campaign(topology, chosen.out / name, chosen.rounds, faults)
        for name, topology in (("stock", STOCK), ("helped", helped))
    }
    print("| fault | stock: writes away | with the helpers | commits lost: stock | with the helpers |")
    print("|---|---|---|---|---|")
    for fault in faults:
        stock, ours = ([one for one in trials if one["fault"] == fault] for trials in measured.values())
        print(f"| `{fault}` | {cell(stock)} | {cell(ours)} | {lost(stock)} | {lost(ours)} |")


if __name__ == "__main__":
    main()
