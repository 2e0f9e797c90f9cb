"""Every example: nothing to say against it but what it is there to show."""

from dataclasses import replace
from pathlib import Path

import pytest

from tuchanka.lint.topology import lint
from tuchanka.stacks.pacemaker.restore.node_command import SETTINGS
from tuchanka.stages.tree import tree
from tuchanka.topology.load import load
from tuchanka.topology.types import ALL

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_lint_finds_nothing(example: Path):
    said = lint(load(example))
    assert [one for one in said if one.severity == "error"] == []
    # tuchanka2 is asynchronous wherever it is.
    assert [one.key for one in said] == (
        ["clusters.tuchanka2.instances.krogan2"] if example.stem in {"archive", "fencing", "stock"} else []
    )


def test_of_a_stock_cluster_nothing_is_ours_but_what_the_lab_needs():
    stock = load(FOLDER / "stock.toml")
    files = tree(stock)
    ours = tree(replace(stock, helpers=ALL))
    differing = {path for path in {*files, *ours} if files.get(path) != ours.get(path)}
    # All of it is files that aren't there, but for the instance's script, which names PAF's own agent, and the time
    # that a lost node is waited for: nobody kills a frozen corosync.
    assert differing & set(files) == {"pcs/tuchanka2/00-cluster.sh", "pcs/tuchanka2/01-krogan2.sh"}
    script = files["pcs/tuchanka2/00-cluster.sh"]
    assert script.replace("4620ms", "4300ms") == ours["pcs/tuchanka2/00-cluster.sh"] != script
    assert " ocf:heartbeat:pgsqlms " in files["pcs/tuchanka2/01-krogan2.sh"]
    left = {path for path, text in files.items() if "ocf:tuchanka" in text or "/etc/tuchanka" in path}
    # A node's restore is no helper: it acts only when it is called.
    assert {f"/{path.split('/', 2)[2]}" for path in left} == {SETTINGS}


def test_examples_can_stand_beside_each_other_and_the_built_in_one():
    topologies = [load(None), *map(load, EXAMPLES)]
    assert len({one.name for one in topologies}) == len({one.network.subnet for one in topologies}) == len(topologies)


def test_three_sites_and_seven_nodes_without_a_witness():
    three, seven = (load(FOLDER / f"{name}.toml") for name in ("three-sites", "seven-nodes"))
    assert three.witness is seven.witness is None
    assert [len(cluster.nodes) for cluster in (*three.clusters, *seven.clusters)] == [3, 7]
    assert [len(cluster.instances) for cluster in seven.clusters] == [2]
