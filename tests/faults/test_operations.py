"""What a planned operation leaves, and what healing takes back."""

from pathlib import Path

import pytest

from tests.pacemaker.views import CLUSTER, A, healthy
from tuchanka.errors import LabError
from tuchanka.faults import operations
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.marks import mark, marked
from tuchanka.faults.operations import restart
from tuchanka.faults.targets import make_target
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.providers.fake import FakeProvider
from tuchanka.stacks.pacemaker import standby
from tuchanka.stacks.pacemaker.observe import join
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.stacks.pacemaker.standby import Someone
from tuchanka.topology.load import load

TOPOLOGY = load(None)
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    provider = FakeProvider()
    provider.machine(A).on = True
    state = join(CLUSTER, healthy())

    async def someone(*_: object) -> Someone:
        return Someone(provider.machine(A), state)

    for module in (operations, standby):
        monkeypatch.setattr(module, "someone", someone)
    return Lab(LabFolder(tmp_path), TOPOLOGY, provider, PACEMAKER)


def commands(lab: Lab) -> list[str]:
    assert isinstance(lab.provider, FakeProvider)
    return lab.provider.commands()


async def test_what_an_administrator_wants_is_left_alone(lab: Lab):
    await operations.take_back(make_target(lab, None, None, None, "tuchanka2", None))
    assert commands(lab) == []


@pytest.mark.parametrize(
    ("operation", "target", "wanted"),
    [
        ("standby", A, ["pcs node unstandby tuchanka2a"]),
        ("maintenance", "tuchanka2", ["pcs property set maintenance-mode=false"]),
        (
            "restart",
            "tuchanka2",
            ["pcs resource meta krogan2-clone target-role=", "crm_resource --resource=krogan2-clone --clear"],
        ),
    ],
)
async def test_what_was_begun_is_taken_back_once(lab: Lab, operation: str, target: str, wanted: list[str]):
    mark(lab, operation, target)
    for _ in range(2):
        await operations.take_back(make_target(lab, None, None, None, A, None))
    assert commands(lab) == wanted
    assert not marked(lab, operation, target)


async def test_a_cluster_that_runs_nowhere_is_taken_care_of_later(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    async def nobody(*_: object) -> Someone:
        raise LabError("the cluster is not running on any node")

    monkeypatch.setattr(operations, "someone", nobody)
    mark(lab, "standby", A)
    await operations.take_back(make_target(lab, None, None, None, A, None))
    assert (commands(lab), marked(lab, "standby", A)) == ([], True)


async def test_a_restart_that_ended_leaves_no_mark(lab: Lab):
    target = make_target(lab, CLUSTER, CLUSTER.instances[0], CATALOGUE["restart"], "tuchanka2", A)
    await restart.restart(target)
    assert commands(lab) == ["pcs resource restart krogan2-clone --wait=120"]
    assert not marked(lab, "restart", "tuchanka2")
