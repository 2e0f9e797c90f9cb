"""Healing: whatever was done, and however far it got."""

from collections import Counter
from pathlib import Path

import pytest

from tuchanka.errors import MachineError
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.heal import TRIES, heal_all, verbs
from tuchanka.faults.inside.signals import NOT_FOUND
from tuchanka.faults.marks import mark, marked, unmark
from tuchanka.faults.power import blackout
from tuchanka.faults.targets import make_target
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider, Step
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.topology.load import load

TOPOLOGY = load(None)
BEFORE = (
    "data-disk-hung",
    "freeze-machine",
    "unlink",
    "power-off",
    "kill-sbd",
    "fork-bomb",
    "pgdata-lost",
    "standby",
)
MADE = ("tuchanka2a", "tuchanka2b", "witness")
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def provider() -> FakeProvider:
    provider = FakeProvider(
        [("echo healed", Completed(0, "healed\n", "")), ("python3 -", Completed(NOT_FOUND, "", ""))]
    )
    for name in MADE:
        provider.machine(name).kept.append(("setup", {}))
    return provider


@pytest.fixture
def lab(tmp_path: Path, provider: FakeProvider) -> Lab:
    return Lab(LabFolder(tmp_path), TOPOLOGY, provider, PACEMAKER)


def test_no_verb_is_called_twice_and_what_another_needs_comes_first():
    found = verbs(CATALOGUE.values())
    assert max(Counter(found).values()) == 1
    places = [found.index(CATALOGUE[name].heal) for name in BEFORE]
    assert places == sorted(places)


def test_every_fault_is_healed_by_its_own_rank_or_another_s():
    unranked = [fault.name for fault in CATALOGUE.values() if fault.heal_rank is None]
    # Those are made of others, whose verbs do as well: machines are switched on at once like everything else, and
    # then their disks can be emptied.
    made_of_others = {one.name for one in CATALOGUE.values() if one.name.endswith("-then-primary")}
    switched_on = {"blackout", "site-power-off", "standby-away"}
    emptied = {"data-disk-full", "root-disk-full", "store-full"}
    assert set(unranked) == {*switched_on, *emptied, *made_of_others} - {"standby-then-primary"}
    assert set(verbs(CATALOGUE.values())) == {one.heal for one in CATALOGUE.values() if one.name not in unranked}
    assert CATALOGUE["power-off"].heal not in verbs(CATALOGUE.values(), power=False)


async def test_everything_that_is_made_is_healed(lab: Lab, provider: FakeProvider):
    for name in MADE:
        machine = provider.machine(name)
        machine.on = name != "witness"
        machine.link_up = False
        machine.is_frozen = name == "tuchanka2a"
    await heal_all(lab)
    assert set(provider.machines) >= set(MADE)
    for name in MADE:
        machine = provider.machine(name)
        assert (machine.on, machine.link_up, machine.is_frozen) == (True, True, False), name
    assert not provider.machine("tuchanka4a").on


async def test_without_power_what_is_off_stays_off(lab: Lab, provider: FakeProvider):
    provider.machine("tuchanka2a").link_up = False
    await heal_all(lab, power=False)
    assert (provider.machine("tuchanka2a").on, provider.machine("tuchanka2a").link_up) == (False, True)


async def test_healing_one_machine_leaves_the_others(lab: Lab, provider: FakeProvider):
    await heal_all(lab, ["tuchanka2b"])
    assert [name for name in MADE if provider.machine(name).on] == ["tuchanka2b"]


class Going:
    """Answers as a machine that goes, and is back, so many times while programs run in it."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, step: Step) -> Completed | None:
        if not step.what.startswith("python3 -"):
            return Completed(0, "healed\n", "")
        self.left -= 1
        if self.left >= 0:
            return Completed(1, "", "nsenter: cannot open /proc/1/ns/cgroup: No such file or directory")
        return Completed(NOT_FOUND, "", "")


async def test_a_machine_that_goes_in_the_middle_is_healed_when_it_is_back(lab: Lab, provider: FakeProvider):
    provider.script = Going(TRIES - 1)
    await heal_all(lab, ["tuchanka2a"])
    assert sum(line.startswith("python3 -") for line in provider.commands("tuchanka2a")) == TRIES


async def test_what_cannot_be_healed_is_said(lab: Lab, provider: FakeProvider):
    provider.script = Going(TRIES)
    with pytest.raises(MachineError, match="can't wake processes: nsenter"):
        await heal_all(lab, ["tuchanka2a"])


def test_marks(lab: Lab):
    assert not marked(lab, "standby", "tuchanka2a")
    mark(lab, "standby", "tuchanka2a")
    assert marked(lab, "standby", "tuchanka2a")
    unmark(lab, "standby", "tuchanka2a")
    unmark(lab, "standby", "tuchanka2a")
    assert not marked(lab, "standby", "tuchanka2a")


async def test_a_blackout_takes_the_primary_last_and_brings_it_back_last(
    lab: Lab, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(blackout, "STALE_S", 0.0)
    monkeypatch.setattr(blackout, "STAGGER_S", 0.0)
    cluster = TOPOLOGY.cluster("tuchanka2")
    target = make_target(lab, cluster, cluster.instances[0], CATALOGUE["blackout"], "tuchanka2", "tuchanka2a")
    await blackout.black_out(target)
    await blackout.power_on_staggered(target)
    assert [(step.verb, step.machine) for step in provider.steps] == [
        ("power_off", "tuchanka2b"),
        ("power_off", "tuchanka2a"),
        ("power_on", "tuchanka2b"),
        ("power_on", "tuchanka2a"),
    ]
