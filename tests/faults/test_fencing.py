"""Faults of fencing: devices and watchdogs that fail or lie, and the BMCs that are lost with their site."""

from pathlib import Path

import pytest

from tuchanka.errors import MachineError
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Fault, Target
from tuchanka.faults.fencing.bmc_unreachable import from_the_other_side
from tuchanka.faults.fencing.bmc_wrong_node import taken_for
from tuchanka.faults.heal import heal_all
from tuchanka.faults.inside.signals import NOT_FOUND
from tuchanka.faults.power import blackout
from tuchanka.faults.targets import make_target, unfit
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.providers.base import CLIENT, BmcBehaviour, Completed, Cut, bmc_of
from tuchanka.providers.fake import FakeProvider
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.topology.load import load

TOPOLOGY = load(Path(__file__).parents[2] / "examples" / "fencing.toml")
A, B = "tuchanka2a", "tuchanka2b"
FAMILY = [fault for fault in CATALOGUE.values() if fault.family == "fencing"]
THEN = [fault for fault in FAMILY if fault.name.endswith("-then-primary")]
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def provider() -> FakeProvider:
    made = FakeProvider(
        [
            ("echo healed", Completed(0, "healed\n", "")),
            ("python3 - wake", Completed(NOT_FOUND, "", "")),
        ]
    )
    for machine in TOPOLOGY.machines:
        made.machine(machine.name).kept.append(("setup", {}))
        made.machine(machine.name).on = True
        if not TOPOLOGY.is_node(machine.name):
            made.machine(machine.name).behaviour = None
    return made


@pytest.fixture
def lab(tmp_path: Path, provider: FakeProvider) -> Lab:
    return Lab(LabFolder(tmp_path), TOPOLOGY, provider, PACEMAKER)


def target_on(lab: Lab, fault: str, target: str, *, trial: str | None = "tuchanka2", primary: str = A) -> Target:
    cluster = TOPOLOGY.cluster(trial) if trial else None
    return make_target(lab, cluster, cluster.instances[0] if cluster else None, CATALOGUE[fault], target, primary)


def working(provider: FakeProvider) -> bool:
    """Whether nothing of a fault is left on any machine, nor in the network."""
    return provider.network.cuts == {} and all(
        machine.on and machine.link_up and machine.watchdog_works and machine.behaviour in {None, "works"}
        for machine in provider.machines.values()
    )


@pytest.mark.parametrize(
    ("name", "behaviour"),
    [
        ("bmc-off", "off"),
        ("bmc-slow", "slow"),
        ("bmc-refuses", "refuses"),
        ("bmc-lies", "lies"),
        ("bmc-wrong-node", "wrong node"),
        ("bmc-forgot", "forgot"),
    ],
)
async def test_a_bmc_fails_alone_and_before_its_node_is_lost(
    lab: Lab, provider: FakeProvider, name: str, behaviour: BmcBehaviour
):
    machine = provider.machine(A)
    await CATALOGUE[name].apply(target_on(lab, name, A))
    assert (machine.behaviour, provider.machine(B).behaviour) == (behaviour, "works")
    assert (machine.on, machine.link_up, provider.network.cuts) == (True, True, {})
    await CATALOGUE[name].heal(target_on(lab, name, A))
    assert working(provider)
    provider.steps.clear()
    await CATALOGUE[f"{name}-then-primary"].apply(target_on(lab, name, A))
    verbs = [step.verb for step in provider.steps]
    assert (machine.behaviour, verbs[0], len(verbs)) == (behaviour, "set_bmc", 2)


@pytest.mark.parametrize("fault", FAMILY, ids=lambda fault: fault.name)
async def test_its_own_healing_and_that_of_all_take_it_back(lab: Lab, provider: FakeProvider, fault: Fault):
    hit = target_on(lab, fault.name, "tuchanka2" if fault.scope == "cluster" else A)
    await fault.heal(hit)
    assert working(provider)
    for heal in (lambda: fault.heal(hit), lambda: heal_all(lab)):
        await fault.apply(hit)
        assert not working(provider)
        await heal()
        await heal()
        assert working(provider)


@pytest.mark.parametrize(
    ("name", "verb", "lives"),
    [
        ("bmc-off", "power_off", False),
        ("bmc-slow", "power_off", False),
        ("bmc-refuses", "link", True),
        ("bmc-unreachable", "power_off", False),
        ("bmc-lies", "block", True),
        ("bmc-wrong-node", "power_off", False),
        ("bmc-forgot", "block", True),
        ("watchdog-dead", "block", True),
    ],
)
async def test_the_old_primary_lives_on_where_that_is_the_harm(
    lab: Lab, provider: FakeProvider, name: str, verb: str, lives: bool
):
    await CATALOGUE[f"{name}-then-primary"].apply(target_on(lab, name, A))
    assert provider.steps[-1].verb == verb
    assert provider.machine(A).on is lives


async def test_a_lost_primary_that_lives_on_is_cut_off_from_machines_and_not_from_clients_nor_its_bmc(
    lab: Lab, provider: FakeProvider
):
    await CATALOGUE["bmc-lies-then-primary"].apply(target_on(lab, "bmc-lies-then-primary", A))
    ((name, cuts),) = provider.network.cuts.items()
    assert name == f"cut-off.{A}.tuchanka2"
    assert {Cut(A, B), Cut(B, A), Cut(A, "witness"), Cut("witness", A)} <= set(cuts)
    assert not {CLIENT, bmc_of(A)} & {end for cut in cuts for end in (cut.source, cut.destination)}


def test_who_cannot_reach_a_bmc():
    two, four = TOPOLOGY.cluster("tuchanka2"), TOPOLOGY.cluster("tuchanka4")
    assert from_the_other_side(two, A) == (Cut(bmc_of(A), B), Cut(B, bmc_of(A)))
    far = {cut.destination for cut in from_the_other_side(four, "tuchanka4a")} - {bmc_of("tuchanka4a")}
    assert far == {"tuchanka4c", "tuchanka4d"}


def test_the_node_that_is_taken_for_another_survives_it(lab: Lab):
    assert taken_for(target_on(lab, "bmc-wrong-node", A), A) == B
    assert taken_for(target_on(lab, "bmc-wrong-node", B), B) == A
    four = target_on(lab, "bmc-wrong-node", "tuchanka4a", trial="tuchanka4", primary="tuchanka4a")
    assert taken_for(four, "tuchanka4a") == "tuchanka4c"
    assert taken_for(target_on(lab, "bmc-wrong-node", A, trial=None), A) == B


def test_only_what_is_fenced_so_can_fail_so():
    plain = load(None)
    unfitting = {fault.name: unfit(fault, plain, plain.cluster("tuchanka2")) for fault in FAMILY}
    fitting = {name for name, why in unfitting.items() if not why}
    assert fitting == {"watchdog-dead", "watchdog-dead-then-primary"}
    assert unfitting["bmc-off"] == "tuchanka2 is not fenced by BMCs of the lab"
    assert {unfit(fault, TOPOLOGY, cluster) for fault in FAMILY for cluster in TOPOLOGY.clusters} == {""}


async def test_a_machine_without_a_bmc_says_so(lab: Lab, provider: FakeProvider):
    provider.machine(A).behaviour = None
    with pytest.raises(MachineError, match="has no BMC"):
        await CATALOGUE["bmc-off"].apply(target_on(lab, "bmc-off", A))


@pytest.mark.parametrize(
    ("fault", "target", "trial", "returns"),
    [
        ("bmc-off-then-primary", A, "tuchanka2", True),
        ("bmc-wrong-node-then-primary", A, "tuchanka2", False),
        ("bmc-wrong-node-then-primary", "tuchanka4a", "tuchanka4", True),
        ("site-power-off", "dc1", "tuchanka2", True),
        ("fence-race", "tuchanka2", "tuchanka2", True),
    ],
)
def test_whether_the_service_comes_back_before_the_healing(
    lab: Lab, fault: str, target: str, trial: str, returns: bool
):
    made = target_on(lab, fault, target, trial=trial, primary=f"{trial}a")
    assert CATALOGUE[fault].returns(made) is returns


async def test_a_site_loses_its_bmcs_with_its_machines(lab: Lab, provider: FakeProvider):
    hit = target_on(lab, "site-power-off", "dc1")
    await CATALOGUE["site-power-off"].apply(hit)
    assert [(step.machine, step.verb) for step in provider.steps] == [(A, "set_bmc"), (A, "power_off")]
    await CATALOGUE["site-power-off"].heal(hit)
    assert working(provider)
    everything = target_on(lab, "site-power-off", "dc3", trial=None)
    await CATALOGUE["site-power-off"].apply(everything)  # the witness, which has none
    assert not provider.machine("witness").on


async def test_a_blackout_takes_the_bmcs_too(lab: Lab, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blackout, "STALE_S", 0.0)
    monkeypatch.setattr(blackout, "STAGGER_S", 0.0)
    hit = target_on(lab, "blackout", "tuchanka2")
    await CATALOGUE["blackout"].apply(hit)
    assert {provider.machine(name).behaviour for name in (A, B)} == {"off"}
    await CATALOGUE["blackout"].heal(hit)
    assert working(provider)


async def cuts_of(lab: Lab, provider: FakeProvider, fault: str, target: str) -> set[Cut]:
    await CATALOGUE[fault].apply(target_on(lab, fault, target, trial="tuchanka4"))
    (cuts,) = provider.network.cuts.values()
    return set(cuts)


async def test_a_site_that_is_cut_off_takes_its_bmcs_along(lab: Lab, provider: FakeProvider):
    cuts = await cuts_of(lab, provider, "isolate-site", "dc1")
    near, far = bmc_of("tuchanka4a"), bmc_of("tuchanka4c")
    assert {Cut("tuchanka4c", near), Cut(near, "tuchanka4c"), Cut("tuchanka4a", far), Cut(far, "tuchanka4b")} <= cuts
    assert not {Cut("tuchanka4b", near), Cut("tuchanka4d", far), Cut("witness", far)} & cuts


async def test_sites_that_are_split_reach_their_own_bmcs_only(lab: Lab, provider: FakeProvider):
    cuts = await cuts_of(lab, provider, "split-sites", "tuchanka4")
    near = bmc_of("tuchanka4a")
    assert {Cut("tuchanka4c", near), Cut(near, "tuchanka4d")} <= cuts
    assert Cut("tuchanka4b", near) not in cuts


async def test_in_a_fence_race_each_side_reaches_the_others_bmcs(lab: Lab, provider: FakeProvider):
    cuts = await cuts_of(lab, provider, "fence-race", "tuchanka4")
    assert len(cuts) == 8
    assert not [cut for cut in cuts if "." in f"{cut.source}{cut.destination}"]


@pytest.mark.parametrize("fault", ["one-way-deaf", "one-way-mute", "packet-loss"])
async def test_a_node_that_nobody_hears_has_a_bmc_that_is_heard(lab: Lab, provider: FakeProvider, fault: str):
    cuts = await cuts_of(lab, provider, fault, "tuchanka4a")
    own = bmc_of("tuchanka4a")
    assert {end for cut in cuts if own in {cut.source, cut.destination} for end in (cut.source, cut.destination)} == {
        own,
        "tuchanka4a",
    }
    assert any(bmc_of("tuchanka4c") in {cut.source, cut.destination} for cut in cuts)
