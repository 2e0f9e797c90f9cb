"""Every fault of the archive's store, and a standby that is away, tried once on the pair of the example."""

import json
from pathlib import Path

import pytest

from tests.real.conftest import Watched
from tests.real.lab import CLUSTER
from tests.real.many import many_lab
from tuchanka.faults.catalogue import CATALOGUE

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.apart]

EXAMPLE = Path(__file__).parents[2] / "examples" / "archive.toml"
FAULTS = [fault.name for fault in CATALOGUE.values() if fault.family == "services"]
SECONDS = 1200.0


def test_every_fault_of_services_is_recovered_from(watched: Watched, tmp_path: Path) -> None:
    assert watched
    out = tmp_path / "out"
    with many_lab(EXAMPLE, CLUSTER) as lab:
        lab.up()
        chosen = [word for name in FAULTS for word in ("--fault", name)]
        lab.run("test", CLUSTER, *chosen, "--out", str(out), seconds=SECONDS)
    trials = {trial["fault"]: trial for trial in json.loads((out / "summary.json").read_text())["trials"]}
    assert trials.keys() == set(FAULTS)
    kept = {
        name: {check["name"] for check in trial["checks"] if check["outcome"] == "kept"}
        for name, trial in trials.items()
    }
    assert all({"waiting log", "archive"} <= names for names in kept.values())
    assert {name for name in FAULTS if "unhindered" in kept[name]} == {
        name for name in FAULTS if CATALOGUE[name].scope == "service"
    }
    (damaged,) = [one["detail"] for one in trials["store-corrupted"]["checks"] if one["name"] == "archive"]
    assert "it has it now" in damaged
