"""Every example: nothing to say against it, and every file as it was recorded."""

from pathlib import Path

import pytest

from tests.golden import check_golden_tree
from tuchanka.lint.topology import lint
from tuchanka.stacks.pacemaker.timing.derive import derive
from tuchanka.stages.tree import tree
from tuchanka.topology.load import load

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_lint_finds_nothing(example: Path):
    assert lint(load(example)) == ()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_whole_tree_is_as_it_was_recorded(example: Path):
    topology = load(example)
    check_golden_tree(GOLDEN / example.stem, tree(topology, derive(topology)))


def test_examples_can_stand_beside_each_other_and_the_built_in_one():
    topologies = [load(None), *map(load, EXAMPLES)]
    assert len({one.name for one in topologies}) == len({one.network.subnet for one in topologies}) == len(topologies)


def test_three_sites_and_seven_nodes_without_a_witness():
    three, seven = (load(GOLDEN.parents[2] / "examples" / f"{name}.toml") for name in ("three-sites", "seven-nodes"))
    assert three.witness is seven.witness is None
    assert [len(cluster.nodes) for cluster in (*three.clusters, *seven.clusters)] == [3, 7]
    assert [len(cluster.instances) for cluster in seven.clusters] == [2]
