"""A short campaign, killed in the middle of a fault and resumed; and one that is ended with Ctrl-C."""

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.real.lab import CLUSTER, NODES, RealLab

pytestmark = [pytest.mark.lab, pytest.mark.apart]

FAULTS = ("switchover", "unlink", "cut-witness")
CAMPAIGN = ("test", CLUSTER, *(word for fault in FAULTS for word in ("--fault", fault)), "--seed", "7")
SECONDS = 480.0


def trials(folder: Path) -> list[dict[str, Any]]:
    found = json.loads((folder / "summary.json").read_text())["trials"]
    assert isinstance(found, list)
    return found


def kinds(folder: Path) -> Counter[str]:
    """How often each kind of event is in the history; every line is whole."""
    return Counter(json.loads(line)["kind"] for line in (folder / "history.jsonl").read_text().splitlines())


def cut_off(lab: RealLab) -> list[str]:
    """The nodes whose link is down, as the host sees it."""
    shown = json.loads(lab.inside("ip", "-json", "link", "show", "type", "veth").stdout)
    down = {link["ifname"] for link in shown if "UP" not in link["flags"]}
    return [node for node in NODES if f"vb-{node}" in down]


def test_a_campaign_that_was_killed_in_the_middle_of_a_fault_is_resumed(disturbed: RealLab, tmp_path: Path) -> None:
    out = tmp_path / "out"
    running = disturbed.start(*CAMPAIGN, "--out", str(out))
    running.wait_for(lambda: cut_off(disturbed), "a link is cut", seconds=SECONDS)
    running.kill()
    assert cut_off(disturbed)
    assert kinds(out)["trial-ended"] == 1

    before = (out / "history.jsonl").read_bytes().rpartition(b"\n")[0]
    done = disturbed.run("test", "--resume", "--out", str(out), seconds=SECONDS, status=None)
    assert (out / "history.jsonl").read_bytes().startswith(before)
    assert cut_off(disturbed) == []
    assert [(one["trial"], one["fault"]) for one in trials(out)] == list(enumerate(FAULTS, 1)), done.stderr
    assert [one["recovered"] for one in trials(out)] == [True, True, True], done.stdout
    assert done.returncode == 0
    # Only the trial under way was begun twice, and the plan was made once.
    found = kinds(out)
    assert (found["trial-started"], found["trial-ended"]) == (4, 3)
    assert (found["campaign-planned"], found["run-started"]) == (1, 2)
    assert disturbed.state()["problems"] == []


def test_sigterm_heals_and_writes_every_report(disturbed: RealLab, tmp_path: Path) -> None:
    out = tmp_path / "out"
    running = disturbed.start("test", CLUSTER, "--fault", "unlink", "--rounds", "5", "--out", str(out))
    running.wait_for(lambda: cut_off(disturbed), "a link is cut", seconds=SECONDS)
    running.process.send_signal(signal.SIGTERM)
    assert running.end(seconds=120) == 3
    assert f"'tuchanka test --resume --out {out}' goes on" in running.output
    assert cut_off(disturbed) == []
    assert {"history.jsonl", "summary.json", "report.html", "junit.xml"} <= {file.name for file in out.iterdir()}
    (interrupted,) = trials(out)
    assert (interrupted["recovered"], kinds(out)["trial-ended"]) == (False, 1)
