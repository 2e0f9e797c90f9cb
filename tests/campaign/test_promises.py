from dataclasses import replace

import pytest

from tuchanka.analysis.checks.catalogue import EXAMINERS
from tuchanka.campaign.promises import instances_of, keeps_commits, keeps_reads, promises
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Fault
from tuchanka.topology.load import load
from tuchanka.topology.types import Cluster, Fencing, Instance

POWER_OFF = CATALOGUE["power-off"]
TOPOLOGY = load(None)
TWO, FOUR = TOPOLOGY.cluster("tuchanka2"), TOPOLOGY.cluster("tuchanka4")
A, B, C, D = (f"tuchanka4{letter}" for letter in "abcd")


def keeps(*broken: str, gives_up: str = "target", primary: str = A, method: str = "FIRST", count: int = 1) -> bool:
    synchronous = FOUR.instances[0].synchronous
    assert synchronous is not None
    instance = replace(FOUR.instances[0], synchronous=replace(synchronous, method=method, count=count))  # type: ignore[arg-type]
    fault = replace(POWER_OFF, gives_up=gives_up)  # type: ignore[arg-type]
    return bool(keeps_commits(FOUR, instance, fault, broken=broken, primary=primary))


def test_synchronous_to_the_other_site_outlives_a_node_and_a_site() -> None:
    for primary in (A, B, C, D):
        assert all(keeps(node, primary=primary) for node in (A, B, C, D))
        assert keeps(A, B, primary=primary)
        assert keeps(C, D, primary=primary)
        assert keeps(A, B, C, D, primary=primary)


def test_the_loss_of_the_primary_and_a_confirming_standby_at_once_is_more_than_is_promised() -> None:
    assert not keeps(A, C)
    assert keeps(A, D)
    assert keeps(A, C, count=2)
    assert keeps(A, C, gives_up="in turn")
    assert not keeps(A, C, method="ANY")
    assert keeps(A, C, method="ANY", count=2)


def test_asynchronous_keeps_where_the_primary_is_not_hit_or_nothing_is_by_surprise() -> None:
    (instance,) = TWO.instances

    def asynchronous(broken: str, fault: str = "power-off") -> bool:
        return bool(keeps_commits(TWO, instance, CATALOGUE[fault], broken=[broken], primary="tuchanka2a"))

    assert not asynchronous("tuchanka2a")
    assert asynchronous("tuchanka2b")
    assert asynchronous("tuchanka2a", fault="shut-down")
    assert asynchronous("tuchanka2a", fault="switchover")
    assert not asynchronous("tuchanka2b", fault="split-sites")
    assert not keeps_commits(TWO, instance, POWER_OFF, broken=["tuchanka2b"], primary=None)


def test_every_check_is_promised_somewhere_and_in_order() -> None:
    of_services = {"unhindered", "waiting log", "archive"}
    names = [one.name for one in EXAMINERS if one.name not in of_services]
    four = promises(FOUR, FOUR.instances[0], POWER_OFF, broken=[A], primary=A)
    assert list(four) == names
    assert "tuchanka4c, tuchanka4d, tuchanka4b" in four["commits"]
    two = promises(TWO, TWO.instances[0], POWER_OFF, broken=["tuchanka2a"], primary="tuchanka2a")
    assert list(two) == [name for name in names if name not in {"commits", "most advanced"}]
    assert all(two.values())


def test_only_a_fault_beside_the_clusters_may_not_be_felt_at_all() -> None:
    (instance,) = TWO.instances
    beside = promises(TWO, instance, CATALOGUE["store-hung"], broken=["depot"], primary="tuchanka2a")
    assert beside["unhindered"] == "no write is refused or late while the fault lasts"
    assert "the primary is not hit" in beside["commits"]
    assert "unhindered" not in promises(TWO, instance, CATALOGUE["store-then-primary"], broken=[], primary=None)


def test_a_fault_that_makes_wrong_checksums_may_find_them() -> None:
    assert "checksums" not in promises(TWO, TWO.instances[0], CATALOGUE["table-corrupted"], broken=[], primary=None)


@pytest.mark.parametrize("accept", [(), ("synchronous_commit", "fsync", "full_page_writes")])
@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=lambda fault: fault.name)
def test_no_trial_promises_what_settings_give_up(fault: Fault, accept: tuple[str, ...]) -> None:
    def made(cluster: Cluster, **settings: str) -> set[str]:
        weak = replace(cluster.instances[0], settings=settings, accept=accept)
        return set(promises(cluster, weak, fault, broken=[weak.home], primary=weak.home))

    four, two = made(FOUR), made(TWO)
    lost, damaged = {"commits", "commits in place", "reads stay"}, {"rows", "checksums"}
    for level in ("local", "remote_write"):
        assert made(FOUR, synchronous_commit=level) == four - {"commits"}
        assert made(TWO, synchronous_commit=level) == two
    assert made(FOUR, synchronous_commit="off") == four - lost
    assert made(TWO, synchronous_commit="off") == two - lost
    assert made(FOUR, fsync="off") == made(FOUR, full_page_writes="n") == four - lost - damaged
    assert made(TWO, fsync="f") == two - lost - damaged
    assert made(FOUR, fsync="on", synchronous_commit="remote_apply") == four


def test_what_one_instance_gives_up_no_trial_of_its_neighbour_promises_of_the_whole_cluster() -> None:
    one = TOPOLOGY.cluster("tuchanka1")
    sound, other = one.instances
    weak = replace(other, settings={"fsync": "off"}, accept=("fsync",))

    def made(*instances: Instance) -> set[str]:
        cluster = replace(one, instances=instances)
        return set(promises(cluster, sound, CATALOGUE["switchover"], broken=[], primary=sound.home))

    assert "commits" in made(sound, weak)
    assert made(sound, other) - made(sound, weak) == {"commits in place", "rows", "checksums"}


def test_what_services_promise_comes_last_and_a_fault_exempts_from_it_too() -> None:
    (instance,) = TWO.instances

    def made(fault: Fault) -> dict[str, str]:
        theirs = {"archived": "krogan2 is archived"}
        return promises(TWO, instance, fault, broken=[], primary=None, services=theirs)

    assert list(made(POWER_OFF).items())[-1] == ("archived", "krogan2 is archived")
    assert "archived" not in made(replace(POWER_OFF, exempt=("archived",)))


def test_instances_of_a_cluster() -> None:
    one = TOPOLOGY.cluster("tuchanka1")
    assert instances_of(one) == {"krogan1a": ["tuchanka1a", "tuchanka1b"], "krogan1b": ["tuchanka1a", "tuchanka1b"]}


def test_where_the_votes_decide_any_node_may_be_fenced_and_a_paused_machine_goes_on_for_a_moment() -> None:
    (instance,) = TWO.instances

    def made(fault: str) -> set[str]:
        return set(promises(TWO, instance, CATALOGUE[fault], broken=["tuchanka2a"], primary="tuchanka2a"))

    assert made("power-off") - made("heavy-packet-loss") == {"daemons", "bystanders", "reads stay"}
    assert made("power-off") - made("freeze-machine") == {"margin"}


def test_what_was_read_stays_where_the_log_that_it_was_read_from_does() -> None:
    """A standby shows what nobody has confirmed yet: synchronous commits are no reason, surviving standbys are."""

    def kept(*broken: str, fault: str = "power-off", primary: str | None = A) -> bool:
        return bool(keeps_reads(FOUR.instances[0], CATALOGUE[fault], broken=broken, primary=primary))

    assert kept(A)
    assert kept(B)
    assert not kept(A, B)  # B may have shown what no other node had
    assert not kept(A, B, C, D)
    assert kept(B, C, D)
    assert kept(A, fault="switchover")
    assert kept(A, B, C, D, fault="shut-down")
    assert not kept(A, primary=None)
    assert not kept(A, fault="isolate-site")
    assert not kept(A, fault="standby-then-primary")


def test_reads_are_promised_only_where_something_is_read() -> None:
    without = replace(TWO.instances[0], standby_vips=())
    made = promises(TWO, without, POWER_OFF, broken=["tuchanka2a"], primary="tuchanka2a")
    assert not {"reads stay", "reads in order"} & set(made)


def test_of_a_cluster_that_is_fenced_by_devices_alone_no_watchdog_is_promised() -> None:
    devices = replace(TWO, fencing=Fencing(("device",)))
    assert "watchdog" in promises(TWO, TWO.instances[0], POWER_OFF, broken=[], primary=None)
    assert "watchdog" not in promises(devices, TWO.instances[0], POWER_OFF, broken=[], primary=None)
