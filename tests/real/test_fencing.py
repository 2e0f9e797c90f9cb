"""Fencing by a virtual BMC on real machines: a loss that costs no watchdog, a device that fails, and what is left."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.conftest import Watched
from tests.real.lab import CLUSTER, NODES, ProcessWatch, RealLab, new_lab, wait_for
from tests.real.leftovers import pids, read

pytestmark = [pytest.mark.lab, pytest.mark.apart]

EXAMPLE = Path(__file__).parents[2] / "examples" / "fencing.toml"
TRIAL_S = 300.0


class FencedLab(RealLab):
    """The example's pair; every command names its topology."""

    def argv(self, *words: str) -> list[str]:
        program, *rest = super().argv(*words)
        return [program, "--topology", str(EXAMPLE), *rest]


@pytest.fixture(scope="module")
def processes() -> ProcessWatch:
    return ProcessWatch()


@pytest.fixture(scope="module")
def fenced(watched: Watched, processes: ProcessWatch) -> Iterator[FencedLab]:
    assert watched
    with new_lab(FencedLab) as lab:
        with processes:
            lab.up()
        yield lab


def trial(lab: RealLab, out: Path, fault: str) -> dict[str, Any]:
    lab.run("test", CLUSTER, "--fault", fault, "--target", "primary", "--out", str(out), seconds=TRIAL_S, status=None)
    (one,) = json.loads((out / "summary.json").read_text())["trials"]
    assert isinstance(one, dict)
    return one


def test_every_device_is_asked_by_the_other_node_and_tells_the_truth(fenced: FencedLab) -> None:
    devices = fenced.state()["devices"]
    assert [(one["node"], one["nodes"]) for one in devices] == [(NODES[0], [NODES[1]]), (NODES[1], [NODES[0]])]
    for node in NODES:
        (asked,) = json.loads(fenced.run("fence", node, "--dry-run", "--json").stdout)["asked"]
        assert (asked["by"] != node, asked["says"]) == (True, "on")


def test_a_cut_off_primary_is_switched_off_by_its_device(fenced: FencedLab, tmp_path: Path) -> None:
    primary, standby = fenced.primary, fenced.standby
    one = trial(fenced, tmp_path / "out", "unlink")
    assert one["recovered"], one["problem"]
    (fencing,) = one["fencing"]
    assert (fencing["target"], fencing["by"], fencing["how"]) == (primary, standby, f"fence-{primary}")
    assert fencing["well"]
    # It was dead before the next one began: nobody waited for a watchdog.
    assert one["margin_s"] > 0
    assert "watchdog expired" not in fenced.supervisor_said(primary)
    assert '"reason": "bmc"' in fenced.supervisor_log(primary)
    assert one["dual_primary_s"] == 0


def test_a_device_without_power_is_found_and_the_watchdog_does_its_work(fenced: FencedLab, tmp_path: Path) -> None:
    node = fenced.primary
    fenced.run("fault", "inject", "bmc-off", node)
    told = json.loads(fenced.run("fence", node, "--dry-run", "--json", status=1).stdout)
    assert [one["says"] for one in told["asked"]] == [""]
    fenced.run("fault", "heal", node)
    wait_for(lambda: fenced.run("fence", node, "--dry-run", status=None).returncode == 0, "the BMC's return")
    one = trial(fenced, tmp_path / "out", "bmc-off-then-primary")
    assert one["recovered"], one["problem"]
    (fencing,) = one["fencing"]
    assert (fencing["target"], fencing["how"], fencing["well"]) == (node, "its own watchdog", True)


def test_no_password_of_a_bmc_is_in_an_argument_or_can_be_read(fenced: FencedLab, processes: ProcessWatch) -> None:
    passwords = [fenced.paths.machine(node).bmc_password.read_text() for node in NODES]
    assert all(len(one) == 16 for one in passwords)
    everything = b"\0".join(processes.seen) + b"\0".join(read(pid / "cmdline").encode() for pid in pids())
    assert not [one for one in passwords if one.encode() in everything]
    for node, own in zip(NODES, passwords, strict=True):
        assert fenced.paths.machine(node).bmc_password.stat().st_mode & 0o077 == 0
        found = fenced.execute(node, "sh", "-c", "cat /etc/tuchanka/fencing/*; cibadmin --query", seconds=30)
        assert own not in found
        as_nobody = ("setpriv", "--reuid=nobody", "sh", "-c", "cat /etc/tuchanka/fencing/*")
        others = fenced.execute(node, *as_nobody, status=None)
        assert "Permission denied" in others


def test_the_bmcs_come_back_after_a_kill_and_go_with_the_lab(fenced: FencedLab) -> None:
    subprocess.run(["pkill", "-KILL", "-f", f"tuchanka.providers.bmc.daemon .*{fenced.paths.label}"], check=True)
    assert fenced.run("fence", NODES[0], "--dry-run", status=None).returncode == 1
    fenced.up()
    wait_for(lambda: fenced.run("fence", NODES[0], "--dry-run", status=None).returncode == 0, "the BMCs", seconds=30)
    # What is left after ``destroy`` is looked at where the lab ends.
