"""What is said of fencing: whether what is to switch a node off can."""

from dataclasses import replace

import pytest

from tuchanka.lint.topology import lint
from tuchanka.topology.load import default_text, load, parse
from tuchanka.topology.types import Cluster, Fencing, Topology

EXAMPLE = load(None)


def example(fencing: Fencing, *, witness: bool = True, bmc: str | None = None) -> Topology:
    topology = parse(default_text(), "t.toml")
    cluster = topology.cluster("tuchanka2")
    nodes = tuple(replace(node, bmc=bmc and replace_last(node.address, bmc)) for node in cluster.nodes)
    changed = replace(cluster, fencing=fencing, witness=witness, nodes=nodes)
    return replace(topology, clusters=(changed,))


def replace_last(address: object, last: str) -> object:
    return type(address)(f"{str(address).rpartition('.')[0]}.{last}")


def said(topology: Topology, severity: str) -> list[tuple[str, str]]:
    return [(one.key, one.what) for one in lint(topology) if one.severity == severity]


def cluster_of(topology: Topology) -> Cluster:
    return topology.clusters[0]


def test_a_device_alone_is_warned_of():
    found = [key for key, what in said(example(Fencing(("device",))), "warning") if "waiting until somebody" in what]
    assert found == ["clusters.tuchanka2.fencing.levels"]


def test_the_device_comes_first():
    found = said(example(Fencing(("watchdog", "device"))), "error")
    assert [key for key, _ in found] == ["clusters.tuchanka2.fencing.levels"]
    assert '"device before watchdog"' in found[0][1]


def test_a_bmc_that_no_level_uses_is_warned_of():
    found = [key for key, what in said(example(Fencing(), bmc="211"), "warning") if "no level" in what]
    assert found == [f"clusters.tuchanka2.nodes.tuchanka2{x}.bmc" for x in "ab"]


def test_two_bmcs_of_one_address_are_an_error():
    found = said(example(Fencing(("device", "watchdog")), bmc="211"), "error")
    assert [key for key, _ in found] == ["clusters.tuchanka2.nodes.tuchanka2b.bmc"]


@pytest.mark.parametrize(("levels", "errors"), [(("device",), 0), (("device", "watchdog"), 1)])
def test_two_nodes_without_a_witness_may_have_devices_but_no_watchdogs(levels: tuple[str, ...], errors: int):
    topology = example(Fencing(levels), witness=False)  # type: ignore[arg-type]
    found = said(replace(topology, witness=None), "error")
    assert [key for key, _ in found] == ["clusters.tuchanka2.fencing.levels"] * errors
