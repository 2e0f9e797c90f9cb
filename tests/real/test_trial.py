"""A power loss, measured and repaired."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.real.conftest import Trial
from tests.real.lab import CLUSTER, INSTANCE, NODES, RealLab

pytestmark = pytest.mark.lab

FIGURES: dict[str, type | tuple[type, ...]] = {
    "cluster": str,
    "instance": str,
    "fault": str,
    "target": str,
    "target_role": str,
    "reaction_s": (float, type(None)),
    "read_reaction_s": (float, type(None)),
    "acknowledged": int,
    "lost": (int, type(None)),
    "indeterminate": int,
    "dual_primary_s": (float, type(None)),
    "recovered": bool,
    "restored_s": (float, type(None)),
    "predicted_s": (float, type(None)),
    "phases": dict,
}


def only_trial(folder: Path) -> dict[str, Any]:
    (one,) = json.loads((folder / "summary.json").read_text())["trials"]
    assert isinstance(one, dict)
    return one


@pytest.fixture(scope="module")
def figures(trial: Trial) -> dict[str, Any]:
    return only_trial(trial.folder)


def test_a_trial_leaves_its_history_and_three_reports(trial: Trial) -> None:
    assert {"history.jsonl", "summary.json", "summary.md", "report.html", "junit.xml", "topology.toml"} == {
        p.name for p in trial.folder.iterdir()
    }
    assert all(json.loads(line) for line in (trial.folder / "history.jsonl").read_text().splitlines())
    suite = ET.parse(trial.folder / "junit.xml").getroot()  # noqa: S314 - our own file
    assert len(list(suite.iter("testcase"))) == 1
    assert not list(suite.iter("failure"))
    page = (trial.folder / "report.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert str(trial.folder / "report.html") in trial.output


def test_the_summary_has_every_figure_of_the_contract(figures: dict[str, Any], trial: Trial) -> None:
    for key, kind in FIGURES.items():
        assert isinstance(figures[key], kind), key
    what = (figures["cluster"], figures["instance"], figures["fault"], figures["target"], figures["target_role"])
    assert what == (CLUSTER, INSTANCE, "power-off", trial.primary, "primary")
    assert json.loads((trial.folder / "summary.json").read_text())["totals"]["recovered"] == 1


def test_the_cluster_recovers_and_never_has_two_primaries(figures: dict[str, Any]) -> None:
    assert figures["recovered"] is True
    assert figures["dual_primary_s"] == 0
    assert figures["lost"] is not None
    assert figures["restored_s"] is not None


def test_the_reaction_is_measured_and_explained_phase_by_phase(figures: dict[str, Any]) -> None:
    assert figures["reaction_s"] > 0
    assert figures["read_reaction_s"] > 0
    assert figures["predicted_s"] > 0
    assert figures["acknowledged"] > 0
    assert figures["phases"]
    assert None not in figures["phases"].values()
    # The phases are the reaction, cut into pieces.
    assert sum(figures["phases"].values()) == pytest.approx(figures["reaction_s"], abs=0.05)


def test_the_report_can_be_made_again_from_the_history_alone(trial: Trial, lab: RealLab, tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    (again / "history.jsonl").write_bytes((trial.folder / "history.jsonl").read_bytes())
    lab.run("report", str(again))
    assert (again / "summary.json").read_text() == (trial.folder / "summary.json").read_text()


def test_a_measurement_is_never_overwritten(trial: Trial, lab: RealLab) -> None:
    before = (trial.folder / "history.jsonl").read_bytes()
    refused = lab.run("test", CLUSTER, "--out", str(trial.folder), status=2)
    assert len(refused.stderr.splitlines()) == 1
    assert (trial.folder / "history.jsonl").read_bytes() == before


def test_afterwards_the_roles_are_swapped_and_everything_is_healthy(trial: Trial) -> None:
    assert trial.state["problems"] == []
    (instance,) = trial.state["instances"]
    roles = {copy["role"]: copy["node"] for copy in instance["copies"]}
    other = next(node for node in NODES if node != trial.primary)
    assert roles == {"primary": other, "standby": trial.primary}


def test_the_power_loss_of_a_standby_takes_no_writes_away(disturbed: RealLab, tmp_path: Path) -> None:
    primary, standby = disturbed.primary, disturbed.standby
    out = tmp_path / "standby"
    command = ("test", CLUSTER, "--fault", "power-off", "--target", "standby", "--out", str(out))
    disturbed.run(*command, seconds=240)
    figures = only_trial(out)
    assert (figures["target"], figures["target_role"]) == (standby, "standby")
    assert figures["recovered"] is True
    assert (figures["reaction_s"], figures["lost"], figures["dual_primary_s"]) == (None, 0, 0)
    assert figures["read_reaction_s"] is not None  # the standby's VIP had to move
    assert (disturbed.primary, disturbed.standby) == (primary, standby)
