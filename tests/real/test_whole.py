"""The whole built-in topology: nine machines, three clusters, four instances and a witness on one host."""

import re
import time
from collections.abc import Iterator

import pytest

from tests.real.conftest import Watched
from tests.real.many import READ, ManyLab, many_lab

pytestmark = [pytest.mark.lab, pytest.mark.long]

SITES = ("dc1", "dc2")
SETTLED_S = 8.0
# The node hears no primary any more, and none hears it; who asks it locally notices nothing.
CUT_OFF = (
    "nft add table inet cut && nft 'add chain inet cut i { type filter hook input priority 0; }' && "
    "nft add rule inet cut i tcp sport 5432 drop && "
    "nft 'add chain inet cut o { type filter hook output priority 0; }' && "
    "nft add rule inet cut o tcp dport 5432 drop"
)
QUIET_PROMOTION = re.compile(r"best candidate to promote, aborting")


@pytest.fixture(scope="module")
def whole(watched: Watched) -> Iterator[ManyLab]:
    """One lab for the module, healthy; a test that disturbs it asks for ``shaken``."""
    with many_lab() as lab:
        lab.up()
        yield lab


@pytest.fixture
def shaken(whole: ManyLab) -> Iterator[ManyLab]:
    yield whole
    whole.repair()


def nodes_of(lab: ManyLab, name: str) -> list[str]:
    return [node.name for node in lab.topology.cluster(name).nodes]


def test_every_cluster_is_healthy_and_at_home(whole: ManyLab) -> None:
    assert whole.all_healthy()
    assert whole.primaries() == {name: instance.home for name, instance in whole.instances.items()}
    assert whole.all_write()


def test_each_standby_vip_is_on_a_standby_of_its_own(whole: ManyLab) -> None:
    vips = whole.vips()
    on = [vips[name] for name in ("krogan4s1", "krogan4s2", "krogan4s3")]
    assert sorted(on) == [["tuchanka4b"], ["tuchanka4c"], ["tuchanka4d"]]
    for vip in whole.instances["krogan4"].standby_vips:
        assert whole.ask(READ, str(vip.address), 5432) == "krogan4 True"


def test_a_commit_waits_for_the_other_site_first(whole: ManyLab) -> None:
    copies = {copy["node"]: copy["sync_state"] for copy in whole.instance_state("krogan4")["copies"]}
    assert copies == {"tuchanka4a": None, "tuchanka4b": "potential", "tuchanka4c": "sync", "tuchanka4d": "potential"}


@pytest.mark.parametrize("node", ["tuchanka1a", "tuchanka1b"])
def test_two_instances_of_a_node_never_mix(whole: ManyLab, node: str) -> None:
    state = whole.states()["tuchanka1"]
    addresses = {vip["name"]: vip["nodes"] for vip in state["vips"]}
    for name, port in (("krogan1a", 5433), ("krogan1b", 5434)):
        asked = "select current_setting('cluster_name'), current_setting('data_directory')"
        psql = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "psql", "-XAtq", "-p", str(port))
        answer = whole.execute(node, *psql, "-d", "postgres", "-c", asked)
        assert answer == f"{name}|/var/lib/postgresql/17/{name}"
        # The log of an instance has its own name, and only its own port.
        log = whole.execute(node, "journalctl", "--no-pager", f"--identifier=postgres-{name}", "--grep=port \\d+")
        assert set(re.findall(r"port (\d+)", log)) == {str(port)}
        # Through its address each is reached on its home alone.
        assert addresses[name] == [whole.instances[name].home]
    scores = whole.execute(node, "cibadmin", "--query", "--xpath", "//nvpair[starts-with(@name, 'master-')]")
    assert set(re.findall(r'name="master-(\w+)"', scores)) == {"krogan1a", "krogan1b"}
    # Nobody replicates from itself, and nobody from the other instance.
    for instance in state["instances"]:
        assert {copy["role"] for copy in instance["copies"]} == {"primary", "standby"}


def test_without_the_witness_nothing_changes_but_a_vote_and_the_nodes_agree_on_the_time(shaken: ManyLab) -> None:
    before = (shaken.primaries(), shaken.vips())
    for node in nodes_of(shaken, "tuchanka4"):
        shaken.wait(lambda node=node: source(shaken, node) == "192.168.89.251", f"time from the witness on {node}")
    shaken.inside("ip", "link", "set", "vb-witness", "down")
    try:
        without_the_witness(shaken, before)
    finally:
        shaken.inside("ip", "link", "set", "vb-witness", "up")
    shaken.wait(shaken.all_healthy, "the witness's vote")
    for cluster in ("tuchanka2", "tuchanka4"):
        for node in nodes_of(shaken, cluster):
            shaken.wait(
                lambda node=node: source(shaken, node) == "192.168.89.251", f"time from the witness on {node}"
            )


def without_the_witness(shaken: ManyLab, before: tuple[object, object]) -> None:
    def without() -> bool:
        return all(state["quorum"]["device"] is False for state in shaken.states().values())

    shaken.wait(without, "clusters without the witness's vote")
    for state in shaken.states().values():
        quorum = state["quorum"]
        assert quorum["quorate"]
        assert quorum["votes"] == quorum["expected"] - 1 == len(state["nodes"])
    assert (shaken.primaries(), shaken.vips()) == before
    assert shaken.all_write()
    for cluster in ("tuchanka2", "tuchanka4"):
        shaken.wait(lambda cluster=cluster: agree(shaken, cluster), f"one time in {cluster}", seconds=120)


def source(lab: ManyLab, node: str) -> str:
    """Return the address of the source that the node follows, itself where it has none."""
    reference, address = lab.execute(node, "chronyc", "-n", "-c", "tracking").split(",")[:2]
    return str(lab.topology.machine(node).address) if reference == "7F7F0101" else address


def agree(lab: ManyLab, cluster: str) -> bool:
    """Whether one node of the cluster keeps the time and all follow it."""
    followed = {source(lab, node) for node in nodes_of(lab, cluster)}
    return len(followed) == 1 and followed <= {str(node.address) for node in lab.topology.cluster(cluster).nodes}


def test_the_most_advanced_of_three_standbys_is_promoted_at_once(shaken: ManyLab) -> None:
    # Two standbys are cut off at different moments, which the primary doesn't notice. The first in the alphabet has
    # least, the last has everything; PAF's own order would try them in this order.
    setting = "alter system set wal_sender_timeout = '{}'"
    shaken.sql("tuchanka4a", setting.format("10min"))
    shaken.sql("tuchanka4a", "select pg_reload_conf()")
    shaken.sql("tuchanka4a", "create table filled as select repeat('x', 1000) from generate_series(1, 100)")
    for node in ("tuchanka4b", "tuchanka4c"):
        shaken.execute(node, "sh", "-c", CUT_OFF)
        fill = "insert into filled select repeat('x', 1000) from generate_series(1, 9000)"
        shaken.sql("tuchanka4a", f"set synchronous_commit = local; {fill}")

    def scores() -> list[int]:
        found = shaken.execute("tuchanka4d", "cibadmin", "--query", "--xpath", "//nvpair[@name='master-krogan4']")
        return [int(value) for value in re.findall(r'value="(-?\d+)"', found)]

    shaken.wait(lambda: scores() == [1001, 980, 990, 1000], "scores in the order of the positions", seconds=15)
    shaken.run("power-off", "tuchanka4a")
    shaken.wait(lambda: shaken.primaries()["krogan4"] == "tuchanka4d", "the promotion of tuchanka4d", seconds=30)
    for node in ("tuchanka4b", "tuchanka4c"):
        shaken.execute(node, "nft", "delete", "table", "inet", "cut")
    shaken.wait(lambda: shaken.write("krogan4") == "krogan4", "a write")
    # It was the first choice: no node was asked that had to step back.
    for node in ("tuchanka4b", "tuchanka4c", "tuchanka4d"):
        log = shaken.execute(node, "journalctl", "--no-pager", "--boot")
        assert QUIET_PROMOTION.search(log) is None
    assert shaken.sql("tuchanka4d", "select count(*) from filled") == "18100"


def test_a_lost_copy_is_restored_beside_the_primary_of_another_instance(shaken: ManyLab) -> None:
    shaken.run("switchover", "krogan1a", "--to", "tuchanka1b")
    shaken.execute("tuchanka1b", "rm", "-rf", "/var/lib/postgresql/17/krogan1b")

    def given_up() -> bool:
        copies = {copy["node"]: copy["role"] for copy in shaken.instance_state("krogan1b")["copies"]}
        return copies == {"tuchanka1a": "primary", "tuchanka1b": "stopped"}

    shaken.wait(given_up, "the move of krogan1b")
    timeline = {copy["timeline"] for copy in shaken.instance_state("krogan1a")["copies"]}
    shaken.run("restore", "tuchanka1b")
    assert shaken.states()["tuchanka1"]["healthy"]
    assert shaken.primaries()["krogan1a"] == "tuchanka1b"
    assert {copy["timeline"] for copy in shaken.instance_state("krogan1a")["copies"]} == timeline
    for instance, home in (("krogan1a", "tuchanka1a"), ("krogan1b", "tuchanka1b")):
        shaken.run("switchover", instance, "--to", home)


@pytest.mark.parametrize("site", SITES)
def test_after_the_loss_of_a_site_the_other_serves_everything(shaken: ManyLab, site: str) -> None:
    lost = set(shaken.in_site(site))
    shaken.run("fault", "inject", "power-off", site)

    def all_from_the_other_site() -> bool:
        primaries = set(shaken.primaries().values())
        return None not in primaries and not primaries & lost and shaken.all_write()

    shaken.wait(all_from_the_other_site, f"writes without {site}", seconds=60)

    def all_vips() -> bool:
        return all(len(nodes) == 1 and not lost & set(nodes) for nodes in shaken.vips().values())

    shaken.wait(all_vips, "every address on one living node", seconds=30)
    # It stays so: addresses that crowd together on the last standby must not pull the primary over to it.
    before = timelines(shaken)
    time.sleep(SETTLED_S)
    assert timelines(shaken) == before
    assert all_vips()

    primaries = shaken.primaries()
    assert primaries["krogan1a"] == primaries["krogan1b"]
    assert shaken.vips()["krogan1a"] == shaken.vips()["krogan1b"] == [primaries["krogan1a"]]
    left = {copy["node"]: copy for copy in shaken.instance_state("krogan4")["copies"] if copy["node"] not in lost}
    assert sorted(str(copy["sync_state"]) for copy in left.values()) == ["None", "sync"]
    (standby,) = (node for node, copy in left.items() if copy["role"] == "standby")
    crowd = {name: nodes for name, nodes in shaken.vips().items() if name.startswith("krogan4s")}
    assert crowd == {vip.name: [standby] for vip in shaken.instances["krogan4"].standby_vips}

    if site == SITES[-1]:
        # One more loss: commits stop rather than be lost.
        shaken.run("power-off", standby)
        assert shaken.write("krogan4").startswith("refused")
        time.sleep(SETTLED_S)
        assert shaken.write("krogan4").startswith("refused")
    shaken.up()
    assert shaken.all_healthy()
    assert shaken.all_write()


def timelines(lab: ManyLab) -> dict[str, list[int | None]]:
    instances = [instance for state in lab.states().values() for instance in state["instances"]]
    return {one["name"]: [copy["timeline"] for copy in one["copies"]] for one in instances}
