"""Every example: nothing to say against it."""

from pathlib import Path

import pytest

from tuchanka.lint.topology import lint
from tuchanka.topology.load import load

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_lint_finds_nothing(example: Path):
    assert lint(load(example)) == ()


def test_examples_can_stand_beside_each_other_and_the_built_in_one():
    topologies = [load(None), *map(load, EXAMPLES)]
    assert len({one.name for one in topologies}) == len({one.network.subnet for one in topologies}) == len(topologies)


def test_three_sites_and_seven_nodes_without_a_witness():
    three, seven = (load(FOLDER / f"{name}.toml") for name in ("three-sites", "seven-nodes"))
    assert three.witness is seven.witness is None
    assert [len(cluster.nodes) for cluster in (*three.clusters, *seven.clusters)] == [3, 7]
    assert [len(cluster.instances) for cluster in seven.clusters] == [2]
