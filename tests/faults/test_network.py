"""Faults of the network: who can't hear whom, and the rules that become of it."""

from pathlib import Path

import pytest

from tests.golden import check_golden
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Target
from tuchanka.faults.heal import heal_all
from tuchanka.faults.inside.signals import NOT_FOUND
from tuchanka.faults.network import flapping_link, reconnect
from tuchanka.faults.network.partial_partition import from_one_other
from tuchanka.faults.targets import make_target, unfit
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.providers.base import CLIENT, Completed, Cut
from tuchanka.providers.bridge.traffic import render
from tuchanka.providers.fake import FakeProvider
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.topology.load import load

GOLDEN = Path(__file__).parent / "golden"
TOPOLOGY = load(None)
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def provider() -> FakeProvider:
    made = FakeProvider([("echo healed", Completed(0, "healed\n", "")), ("python3 -", Completed(NOT_FOUND, "", ""))])
    for machine in TOPOLOGY.machines:
        made.machine(machine.name).kept.append(("setup", {}))
        made.machine(machine.name).on = True
    return made


@pytest.fixture
def lab(tmp_path: Path, provider: FakeProvider) -> Lab:
    return Lab(LabFolder(tmp_path), TOPOLOGY, provider, PACEMAKER)


def target_on(lab: Lab, fault: str, target: str, *, trial: str | None = None) -> Target:
    cluster = TOPOLOGY.cluster(trial) if trial else None
    return make_target(lab, cluster, cluster.instances[0] if cluster else None, CATALOGUE[fault], target, None)


INJECTED = (
    ("isolate-site", "dc1", "tuchanka4"),
    ("split-sites", "tuchanka4", "tuchanka4"),
    ("one-way-deaf", "tuchanka2a", "tuchanka2"),
    ("one-way-mute", "tuchanka2a", "tuchanka2"),
    ("cut-replication", "tuchanka4a", "tuchanka4"),
    ("cut-witness", "tuchanka2", "tuchanka2"),
    ("packet-loss", "tuchanka2a", "tuchanka2"),
    ("partial-partition", "tuchanka4a", "tuchanka4"),
)


@pytest.mark.parametrize(("fault", "target", "trial"), INJECTED)
async def test_the_rules_of_a_fault(lab: Lab, provider: FakeProvider, fault: str, target: str, trial: str):
    await CATALOGUE[fault].apply(target_on(lab, fault, target, trial=trial))
    ((name, cuts),) = provider.network.cuts.items()
    assert name == f"{fault}.{target}.{trial}"
    check_golden(GOLDEN / f"{fault}.nft", render(name, cuts))


def test_where_a_frame_is_caught():
    rules = render("x", [Cut("a", "b"), Cut("a", CLIENT), Cut(CLIENT, "a"), Cut("b", "a", tcp_port=5432)])
    assert rules.splitlines()[:3] == [
        "table bridge tuchanka.x",
        "delete table bridge tuchanka.x",
        "table bridge tuchanka.x {",
    ]
    assert rules.count("drop") == 5


async def test_healing_leaves_what_hits_others_alone(lab: Lab, provider: FakeProvider):
    for fault, target, trial in INJECTED:
        await CATALOGUE[fault].apply(target_on(lab, fault, target, trial=trial))
    await CATALOGUE["isolate-site"].apply(target_on(lab, "isolate-site", "dc2"))
    await reconnect(target_on(lab, "isolate-site", "dc1", trial="tuchanka2"))
    assert set(provider.network.cuts) == {
        "isolate-site.dc1.tuchanka4",
        "isolate-site.dc2.-",
        "split-sites.tuchanka4.tuchanka4",
        "cut-replication.tuchanka4a.tuchanka4",
        "partial-partition.tuchanka4a.tuchanka4",
    }
    await reconnect(target_on(lab, "unlink", "tuchanka4b"))
    of_a = {f"{fault}.tuchanka4a.tuchanka4" for fault in ("cut-replication", "partial-partition")}
    assert set(provider.network.cuts) == {"isolate-site.dc2.-", *of_a}
    await heal_all(lab, ["tuchanka2b"])
    assert set(provider.network.cuts) == of_a
    await heal_all(lab)
    assert provider.network.cuts == {}


async def test_a_link_that_flapped_is_up(lab: Lab, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(flapping_link, "FLAP_S", 0.0)
    began = await flapping_link.flap(target_on(lab, "flapping-link", "tuchanka2a"))
    steps = [step for step in provider.steps if step.verb == "link"]
    assert [step.what for step in steps] == ["down", "up"] * flapping_link.FLAPS
    assert began > 0


@pytest.mark.parametrize(
    ("fault", "target", "trial", "primary", "returns"),
    [
        ("power-off", "tuchanka2a", "tuchanka2", "tuchanka2a", True),
        ("power-off", "tuchanka2", "tuchanka2", "tuchanka2a", False),
        ("power-off", "dc1", "tuchanka4", "tuchanka4a", True),
        ("isolate-site", "dc2", "tuchanka4", "tuchanka4a", True),
        ("split-sites", "tuchanka4", "tuchanka4", "tuchanka4a", True),
        ("blackout", "tuchanka4", "tuchanka4", "tuchanka4a", False),
        ("cut-replication", "tuchanka4b", "tuchanka4", "tuchanka4a", False),
        ("cut-replication", "tuchanka4a", "tuchanka4", "tuchanka4a", False),
        ("standby-then-primary", "tuchanka2", "tuchanka2", "tuchanka2a", False),
        ("standby-then-primary", "tuchanka4", "tuchanka4", "tuchanka4a", True),
    ],
)
def test_whether_the_service_comes_back_before_the_healing(
    lab: Lab, fault: str, target: str, trial: str, primary: str, returns: bool
):
    cluster = TOPOLOGY.cluster(trial)
    made = make_target(lab, cluster, cluster.instances[0], CATALOGUE[fault], target, primary)
    assert CATALOGUE[fault].returns(made) is returns


def test_a_partial_partition_cuts_two_neighbours_and_wants_a_third_node():
    assert from_one_other(TOPOLOGY.cluster("tuchanka4"), "tuchanka4a") == (
        Cut("tuchanka4a", "tuchanka4d"),
        Cut("tuchanka4d", "tuchanka4a"),
    )
    assert from_one_other(TOPOLOGY.cluster("tuchanka4"), "tuchanka4d")[0].destination == "tuchanka4c"
    reasons = [unfit(CATALOGUE["partial-partition"], TOPOLOGY, one) for one in TOPOLOGY.clusters]
    assert reasons == ["tuchanka1 has no third node", "tuchanka2 has no third node", ""]


async def test_a_rogue_address_is_taken_by_the_witness_and_given_back_to_its_holder(lab: Lab, provider: FakeProvider):
    witness = target_on(lab, "rogue-address", "witness", trial="tuchanka2")
    address = str(TOPOLOGY.cluster("tuchanka2").instances[0].primary_vip.address)
    await CATALOGUE["rogue-address"].apply(witness)
    take, announce = provider.commands("witness")
    assert take.endswith(f"take {TOPOLOGY.network.subnet} {address}")
    assert announce == f"python3 - {address}"
    provider.steps.clear()
    await CATALOGUE["rogue-address"].heal(witness)
    assert len(provider.commands()) == 1  # the witness hasn't got it, so nobody needs to hear of its holder
    provider.script = [("witness sh", Completed(0, f"{address}\n", ""))]
    await CATALOGUE["rogue-address"].heal(witness)
    assert provider.commands("tuchanka2b").count(f"python3 - {address}") == 1
