"""Snapshots of a running lab, and the way back."""

import json

import pytest

from tests.real.lab import MACHINES, RealLab

pytestmark = pytest.mark.lab


def rows(lab: RealLab) -> list[str]:
    return lab.sql(lab.primary, "select word from kept order by word").split()


def add_row(lab: RealLab, word: str) -> None:
    lab.sql(lab.primary, f"create table if not exists kept (word text); insert into kept select '{word}'")


def test_a_snapshot_keeps_a_running_lab_and_a_rollback_goes_back_to_it(disturbed: RealLab) -> None:
    add_row(disturbed, "before")
    disturbed.run("snapshot", "kept")
    assert disturbed.state()["problems"] == []
    assert rows(disturbed) == ["before"]
    found = json.loads(disturbed.run("snapshots", "--json").stdout)
    assert all(found[machine][-1] == "kept" for machine in MACHINES)
    for taken in ("kept", "setup", "no/name"):
        assert len(disturbed.run("snapshot", taken, status=2).stderr.splitlines()) == 1

    add_row(disturbed, "after")
    assert rows(disturbed) == ["after", "before"]
    disturbed.run("rollback", "kept", "--yes")
    disturbed.up()
    assert disturbed.state()["problems"] == []
    assert rows(disturbed) == ["before"]

    unknown = disturbed.run("rollback", "no-such", "--yes", status=2).stderr
    assert "no-such" in unknown
    assert "kept" in unknown  # what there is to choose from
    assert "--yes" in disturbed.run("rollback", "setup", status=2).stderr
    assert rows(disturbed) == ["before"]

    disturbed.run("rollback", "setup", "--yes")
    assert [node["power"] for node in disturbed.state()["nodes"]] == ["off", "off"]
    disturbed.up()
    assert disturbed.state()["problems"] == []
    gone = disturbed.sql(disturbed.primary, "select count(*) from pg_class where relname = 'kept'")
    assert gone == "0"
