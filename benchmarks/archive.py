"""What an archive costs and gives, as a table: ``sudo .venv/bin/python benchmarks/archive.py``.

A pair with its depot (``examples/archive.toml``, a limit of 256 MiB) in a lab of its own, which is taken away again.
Rows are named on the command line (``accidents outage``), all of them without. Nothing else should run meanwhile.
"""

import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from measure import COMMAND, timed, tuchanka

EXAMPLE = Path(__file__).parents[1] / "examples" / "archive.toml"
CLUSTER, INSTANCE = "tuchanka2", "krogan2"
NODES = ("tuchanka2a", "tuchanka2b")
LIMIT_BYTES = 256 << 20
SEGMENT_BYTES = 16 << 20
AWAY_S = 240
RATE_BYTES = 5_000_000
LOG = "select pg_logical_emit_message(false, 'log', string_agg(md5(random()::text), '')) from generate_series(1, {n})"


@dataclass(frozen=True)
class Lab:
    """The lab's folder, and where the heartbeat writes to."""

    folder: Path
    beats: Path

    def run(self, *words: str) -> str:
        return tuchanka(self.folder, *words)

    def sql(self, node: str, statements: str, *, port: int = 5432) -> str:
        words = ("runuser", "-u", "postgres", "--", "psql", "-XAtq", "-h", "/run/postgresql", "-p", str(port))
        return self.run("exec", node, "--", *words, "-d", "heartbeat", "-c", statements).strip()

    def status(self) -> dict[str, Any]:
        argv = [COMMAND, "--lab", self.folder, "archive", "status", "--json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        found: dict[str, Any] = json.loads(done.stdout)[0] if done.stdout else {"findings": [done.stderr]}
        return found

    def primary(self) -> str:
        state = json.loads(self.run("status", CLUSTER, "--json"))[0]
        return str(next(copy["node"] for copy in state["instances"][0]["copies"] if copy["role"] == "primary"))

    def wait_whole(self, seconds: float = 120) -> float:
        """Wait until the archive is whole and nothing waits; return how long that took."""

        def whole() -> bool:
            seen = self.status()
            return not seen["findings"] and seen["waiting"] < 3

        return wait(whole, seconds)

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Record beats as long as the block runs."""
        with self.beats.open("w") as file:
            argv = [COMMAND, "--lab", self.folder, "heartbeat", INSTANCE, "--json"]
            process = subprocess.Popen(argv, stdout=file)
            try:
                time.sleep(3)
                yield
                time.sleep(1)
            finally:
                process.terminate()
                process.wait(timeout=30)

    def writes(self) -> list[dict[str, Any]]:
        events = []
        for line in self.beats.read_text().splitlines():
            with suppress(json.JSONDecodeError):  # the last line of one that was ended
                events.append(json.loads(line))
        return [one for one in events if one["kind"] == "write"]


def wait(what: Callable[[], object], seconds: float) -> float:
    began = time.monotonic()
    while not what():
        if time.monotonic() - began > seconds:
            sys.exit(f"it did not happen within {seconds:g} s")
        time.sleep(0.5)
    return time.monotonic() - began


def disturbed(writes: list[dict[str, Any]]) -> str:
    """Say how many beats were not acknowledged, and the longest that one took."""
    bad = sum(1 for one in writes if one["outcome"] != "acknowledged")
    return (
        f"{bad} of {len(writes)} beats refused, the slowest took {max(one['t'] - one['due'] for one in writes):.2f} s"
    )


def accidents(lab: Lab) -> tuple[str, str]:
    took, exact, node = [], 0, lab.primary()
    other = next(name for name in NODES if name != node)
    lab.sql(node, "create table shop (item int)")
    with lab.heartbeat():
        for number in range(10):
            lab.sql(node, "truncate shop")
            lab.sql(node, f"insert into shop select generate_series(1, {100 + number})")
            time.sleep(1)
            at = datetime.now(UTC).isoformat()
            time.sleep(1)
            lab.sql(node, "delete from shop")
            words = ("archive", "restore", INSTANCE, "--at", at, "--aside", f"{other}:5499")
            took.append(timed(lambda words=words: lab.run(*words)))
            exact += lab.sql(other, "select count(*) from shop", port=5499) == str(100 + number)
            lab.run("archive", "discard", INSTANCE, other)
    return "ten accidents, looked at aside as of the second before", (
        f"{exact} of 10 exact; open after {statistics.median(took):.1f} s (at most {max(took):.1f}); "
        f"{disturbed(lab.writes())}"
    )


def outage(lab: Lab) -> tuple[str, str]:
    node, most = lab.primary(), 0
    before = len(lab.status()["backups"])
    per_second = LOG.format(n=RATE_BYTES // 32)
    with lab.heartbeat():
        lab.run("power-off", "depot")
        end = time.monotonic() + AWAY_S
        while time.monotonic() < end:
            began = time.monotonic()
            # Five seconds' worth at once: each command has its own price.
            lab.sql(node, f"do $do$ begin for i in 1..5 loop perform ({per_second}); end loop; end $do$")
            count = "select count(*) from pg_ls_archive_statusdir() where name like '%.ready'"
            most = max(most, int(lab.sql(node, count)) * SEGMENT_BYTES)
            time.sleep(max(0.0, 5 - (time.monotonic() - began)))
        lab.run("power-on", "depot")
        healed = lab.wait_whole()
    made = len(lab.status()["backups"]) - before
    return f"{AWAY_S} s without the store, 5 MB/s of log, a limit of {LIMIT_BYTES >> 20} MiB", (
        f"at most {most >> 20} MiB waited; whole {healed:.0f} s after healing, {made} new backup; "
        f"{disturbed(lab.writes())}"
    )


def away(lab: Lab) -> tuple[str, str]:
    node = lab.primary()
    other = next(name for name in NODES if name != node)
    lab.run("power-off", other)
    piece = LOG.format(n=8_000_000 // 32)
    lab.sql(node, f"do $do$ begin for i in 1..64 loop perform ({piece}); end loop; end $do$")
    lab.sql(node, "select pg_switch_wal()")
    lab.wait_whole()
    lab.sql(node, "checkpoint")
    lab.run("power-on", other)
    plan = lab.run("restore", other, "--dry-run")
    took = timed(lambda: lab.run("restore", other))
    how = "log from the archive" if "the archive has what the primary no longer has" in plan else "another way"
    return "a standby away for 512 MiB of log, wal_keep_size 256 MiB", f"healthy after {took:.1f} s, by {how}"


def loss(lab: Lab) -> tuple[str, str]:
    command = f"rm -rf /var/lib/postgresql/17/{INSTANCE}; pkill -KILL -x postgres || true"
    with lab.heartbeat():
        time.sleep(20)
        for name in NODES:
            lab.run("exec", name, "--", "sh", "-c", command)
        took = timed(lambda: lab.run("restore", CLUSTER, "--from-archive", "--yes"))
    seen = [one for one in lab.writes() if one["outcome"] == "acknowledged"]
    away, begins = max((after["t"] - before["t"], before["seq"]) for before, after in pairwise(seen))
    rows = lab.sql(
        lab.primary(), "select seq from beat where run = (select run from beat order by written_at desc limit 1)"
    )
    lost = {one["seq"] for one in seen if one["seq"] <= begins} - set(map(int, rows.split()))
    return "both data directories lost", (
        f"writable again after {away:.0f} s, healthy after {took:.0f} s; {len(lost)} of {begins} commits lost"
    )


def rollbacks(lab: Lab) -> tuple[str, str]:
    took = []
    for _ in range(5):
        lab.run("rollback", "setup", "--yes")
        lab.run("up", CLUSTER)
        took.append(lab.wait_whole(180))
    return "five times back to setup and up again", (
        f"archives on without help 5 times, whole {statistics.median(took):.0f} s after up (at most {max(took):.0f})"
    )


ROWS = {one.__name__: one for one in (accidents, outage, away, loss, rollbacks)}


def main() -> None:
    chosen = sys.argv[1:] or list(ROWS)
    if unknown := [name for name in chosen if name not in ROWS]:
        sys.exit(f"there is no row called {unknown[0]}; choose from: {', '.join(ROWS)}")
    folder = Path(tempfile.mkdtemp(prefix="tuchanka-archive."))
    lab, file = Lab(folder / "lab", folder / "beats.jsonl"), folder / "archive.toml"
    file.write_text(EXAMPLE.read_text().replace('limit = "25%"', 'limit = "256MiB"'))
    try:
        up = timed(lambda: tuchanka(lab.folder, "--topology", str(file), "up", CLUSTER))
        print(f"{platform.machine()}; the pair and its depot up in {up:.0f} s\n\n| what | measured |\n|---|---|")
        print(f"| archives by itself after up | {lab.wait_whole():.0f} s |", flush=True)
        for name in chosen:
            what, measured = ROWS[name](lab)
            print(f"| {what} | {measured} |", flush=True)
    finally:
        subprocess.run([COMMAND, "--lab", lab.folder, "destroy", "--yes"], check=False)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
