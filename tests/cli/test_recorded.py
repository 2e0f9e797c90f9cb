"""A history that an earlier version recorded on real nodes, with the summary that it made of it, still makes reports.

One power loss of tuchanka2's primary. Its promises were *held* or *broken*, its reads don't name their
connection, and its ``Audited`` events were written from plain dictionaries.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Tuchanka
from tuchanka.campaign.history import load
from tuchanka.events import Audited, NodeFacts, to_json

RECORDED = Path(__file__).parent / "recorded"
THEN: dict[str, Any] = json.loads((RECORDED / "summary.json").read_text())["trials"][0]
WORDS = {"held": "kept", "broken": "violated", "not checked": "not checked"}
# Nobody read it.
DROPPED = {"away_s"}


@pytest.fixture
def now(tuchanka: Tuchanka, tmp_path: Path) -> dict[str, Any]:
    out = tmp_path / "again"
    assert tuchanka("report", RECORDED, "--out", out).status == 0
    assert {"summary.md", "report.html", "junit.xml"} < {file.name for file in out.iterdir()}
    (trial,) = json.loads((out / "summary.json").read_text())["trials"]
    assert isinstance(trial, dict)
    return trial


def test_every_figure_is_as_it_was(now: dict[str, Any]) -> None:
    same = set(THEN) - DROPPED - {"checks", "trial"}
    assert len(same) > 30
    for key in same:
        assert now[key] == close(THEN[key]), key


def test_every_promise_of_then_is_judged_as_then(now: dict[str, Any]) -> None:
    assert [(one["name"], one["promise"], one["outcome"]) for one in now["checks"]] == [
        (one["name"], one["promise"], WORDS[one["outcome"]]) for one in THEN["checks"]
    ]
    assert now["recovered"] is True


def test_what_the_nodes_showed_is_written_as_it_was_read() -> None:
    audits = [event for event in load(RECORDED / "history.jsonl") if isinstance(event, Audited)]
    assert all(event.found.copies and event.found != NodeFacts() for event in audits)
    lines = (RECORDED / "history.jsonl").read_text().splitlines()
    assert [json.loads(to_json(event)) for event in audits] == [
        json.loads(line) for line in lines if line.startswith('{"kind":"audited"')
    ]


def close(value: Any) -> Any:
    """Allow for the digits that were cut off."""
    if isinstance(value, dict):
        return {key: close(one) for key, one in value.items()}
    if isinstance(value, list):
        return [close(one) for one in value]
    return pytest.approx(value, abs=0.002) if isinstance(value, float) else value
