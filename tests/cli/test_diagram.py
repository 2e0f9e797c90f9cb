"""``tuchanka diagram``."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tuchanka
from tuchanka.diagram.draw import svg
from tuchanka.diagram.plan import planned
from tuchanka.topology.load import load

pytestmark = pytest.mark.usefixtures("nobody")
TOPOLOGY = load(None)


def test_one_picture_to_standard_output(tuchanka: Tuchanka):
    outcome = tuchanka("diagram", "tuchanka2")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == svg(planned(TOPOLOGY, TOPOLOGY.cluster("tuchanka2")))


def test_all_into_a_folder_and_again(tuchanka: Tuchanka, tmp_path: Path):
    for _ in range(2):
        outcome = tuchanka("diagram", "--out", tmp_path / "new")
        assert outcome.status == 0
        assert sorted(file.name for file in (tmp_path / "new").iterdir()) == [
            f"tuchanka{number}.svg" for number in (1, 2, 4)
        ]
    assert outcome.out.splitlines() == [str(tmp_path / "new" / f"tuchanka{number}.svg") for number in (1, 2, 4)]


def test_as_data(tuchanka: Tuchanka):
    (picture,) = json.loads(tuchanka("diagram", "tuchanka4", "--json").out)
    assert [link["kind"] for link in picture["links"]] == ["potential", "sync", "potential"]
    assert len(json.loads(tuchanka("diagram", "--json").out)) == 3


def test_refused(tuchanka: Tuchanka, tmp_path: Path):
    tuchanka("diagram").refused(2, "3 pictures", "--out")
    tuchanka("diagram", "tuchanka9").refused(2, "tuchanka9", "choose from")
    (tmp_path / "file").write_text("")
    tuchanka("diagram", "--out", tmp_path / "file").refused(2, str(tmp_path / "file"), "can't be written")
    tuchanka("diagram", "tuchanka2", "--live").refused(3, "root")
