"""Every fault that this host can do, tried once on a pair of nodes by one campaign."""

import json
from pathlib import Path

import pytest

from tests.real.lab import CLUSTER, RealLab

pytestmark = [pytest.mark.lab, pytest.mark.long]

SECONDS = 3600.0
# Thawed after it was replaced, it may take a write before its watchdog ends it,
# see docs/faults/machine/freeze-machine.md.
# A watchdog that never fires is all that the pair has, see docs/faults/fencing/watchdog-dead.md.
MAY_FAIL = {"freeze-machine", "watchdog-dead-then-primary"}


def test_every_fault_is_recovered_from(disturbed: RealLab, tmp_path: Path) -> None:
    catalogue = json.loads(disturbed.run("fault", "list", "--json").stdout)
    out = tmp_path / "out"
    done = disturbed.run("test", CLUSTER, "--out", str(out), seconds=SECONDS, status=None)
    trials = json.loads((out / "summary.json").read_text())["trials"]
    # Those of services are tried where there is one: test_archive_faults.
    possible = {fault["name"] for fault in catalogue if fault["available"] and fault["family"] != "services"}
    assert {trial["fault"] for trial in trials} == possible
    failed = {trial["fault"]: trial["problem"] for trial in trials if not trial["recovered"]}
    assert failed.keys() <= MAY_FAIL, failed
    assert done.returncode == bool(failed), done.stderr
    two = {trial["fault"]: trial["dual_primary_s"] for trial in trials if trial["dual_primary_s"]}
    assert two.keys() <= MAY_FAIL, two
    # On the asynchronous pair commits may be lost, but none uncounted.
    assert {trial["fault"]: trial["uncounted"] for trial in trials if trial["uncounted"]} == {}
    assert disturbed.state()["problems"] == []
