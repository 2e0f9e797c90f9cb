"""Every example comes up healthy, without a witness, and three-sites survives the loss of a site."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.conftest import Watched
from tests.real.many import ManyLab, many_lab

pytestmark = [pytest.mark.lab, pytest.mark.long]

EXAMPLES = Path(__file__).parents[2] / "examples"
SETTLED_S = 8.0


@pytest.fixture(
    scope="module",
    params=[file for file in sorted(EXAMPLES.glob("*.toml")) if "[witness]" not in file.read_text()],
    ids=lambda path: path.stem,
)
def example(request: pytest.FixtureRequest, watched: Watched) -> Iterator[ManyLab]:
    assert watched
    with many_lab(request.param) as lab:
        lab.up()
        yield lab


def test_it_is_healthy_and_at_home(example: ManyLab) -> None:
    for state in example.states().values():
        assert state["healthy"]
        quorum = state["quorum"]
        # No witness: every vote is a node's.
        assert quorum["device"] is None
        assert quorum["votes"] == quorum["expected"] == len(state["nodes"])
        assert [node["name"] for node in state["nodes"] if node["fail_counts"]] == []
    assert example.primaries() == {name: instance.home for name, instance in example.instances.items()}
    assert example.all_write()


def test_each_vip_is_on_a_node_of_its_instance_and_none_shares_one(example: ManyLab) -> None:
    vips = example.vips()
    for instance in example.instances.values():
        on = [vips[vip.name] for vip in instance.vips]
        assert [len(nodes) for nodes in on] == [1] * len(on)
        assert {nodes[0] for nodes in on} <= set(instance.nodes)
        assert len({nodes[0] for nodes in on}) == len(on)


def test_commits_are_synchronous_as_the_topology_says(example: ManyLab) -> None:
    for name, instance in example.instances.items():
        states = [copy["sync_state"] for copy in example.instance_state(name)["copies"] if copy["role"] == "standby"]
        assert instance.synchronous
        expected = "quorum" if instance.synchronous.method == "ANY" else "sync"
        assert expected in states


def test_nothing_failed_where_an_instance_does_not_live(example: ManyLab) -> None:
    first = next(iter(example.topology.clusters)).nodes[0].name
    assert "Failed Resource Actions" not in example.execute(first, "crm_mon", "--one-shot", "--inactive")


def test_after_the_loss_of_the_primarys_site_the_others_serve_and_keep_every_address(example: ManyLab) -> None:
    (cluster,) = example.topology.clusters
    first = cluster.instances[0]
    site = cluster.node(first.home).site
    lost = set(example.in_site(site))
    example.run("fault", "inject", "power-off", site)

    def all_from_other_sites() -> bool:
        primaries = set(example.primaries().values())
        return None not in primaries and not primaries & lost and example.all_write()

    example.wait(all_from_other_sites, f"writes without {site}")

    def all_vips() -> bool:
        return all(len(nodes) == 1 and not lost & set(nodes) for nodes in example.vips().values())

    example.wait(all_vips, "every address on one living node", seconds=30)
    before = (example.primaries(), example.vips())
    time.sleep(SETTLED_S)
    assert (example.primaries(), example.vips()) == before
    for instance in cluster.instances:
        standbys = set(instance.nodes) - lost - {before[0][instance.name]}
        assert {before[1][vip.name][0] for vip in instance.standby_vips} <= standbys
    example.up()
    assert example.all_healthy()
