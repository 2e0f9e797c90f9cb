"""What is done where a cluster runs, and doesn't come to serve."""

from pathlib import Path

import pytest

from tests.pacemaker.views import CLUSTER, A, B, healthy
from tuchanka.errors import DeadlineExceeded
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Silent
from tuchanka.providers.fake import FakeProvider
from tuchanka.stacks.pacemaker import bring_up as module
from tuchanka.stacks.pacemaker.observe import Look, join
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.topology.load import load

TOPOLOGY = load(None)
NOBODY = join(CLUSTER, {A: Look("on", "armed", stack_running=True), B: Look("on", "armed", stack_running=True)})
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class World:
    """A cluster that has not settled by itself, and does after it was started anew."""

    def __init__(self, folder: Path, state: ClusterState) -> None:
        self.provider = FakeProvider()
        self.lab = Lab(LabFolder(folder), TOPOLOGY, self.provider, PACEMAKER)
        self.state = state
        self.started = False

    async def observe(self, *_: object) -> ClusterState:
        return self.state

    async def settle(self, *_: object) -> ClusterState:
        if not self.started:
            raise DeadlineExceeded("a primary did not happen")
        return self.state

    async def start(self, *_: object) -> None:
        self.started = True
        self.state = join(CLUSTER, healthy())

    async def nothing(self, *_: object) -> None:
        """Do nothing."""


def world(folder: Path, monkeypatch: pytest.MonkeyPatch, state: ClusterState) -> World:
    made = World(folder, state)
    for name, double in (("observe", made.observe), ("settle", made.settle), ("restore_all", made.nothing)):
        monkeypatch.setattr(module, name, double)
    monkeypatch.setattr(module.cold_start, "plan", made.nothing)
    monkeypatch.setattr(module.cold_start, "carry_out", made.start)

    async def healthy_now(*_: object, **__: object) -> ClusterState:
        return made.state

    monkeypatch.setattr(module, "wait_healthy", healthy_now)
    return made


async def test_where_nothing_serves_the_power_is_cut_and_the_cluster_started_cold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    made = world(tmp_path, monkeypatch, NOBODY)
    state = await module.bring_up(made.lab, CLUSTER, Silent())
    assert state.instance("krogan2").primary == A
    assert [step.machine for step in made.provider.steps if step.verb == "power_off"] == [A, B]
    assert all(made.provider.machine(node).on for node in (A, B))


async def test_where_something_serves_nobody_pulls_the_plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    looks = healthy()
    looks[B] = Look("on", "armed")
    made = world(tmp_path, monkeypatch, join(CLUSTER, looks))
    with pytest.raises(DeadlineExceeded):
        await module.bring_up(made.lab, CLUSTER, Silent())
    assert not [step for step in made.provider.steps if step.verb == "power_off"]


async def test_a_node_that_is_fenced_late_is_restored_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    looks = healthy()
    looks[B] = Look("on", "armed")
    made = world(tmp_path, monkeypatch, join(CLUSTER, looks))
    made.started = True
    restored: list[ClusterState] = []

    async def restore_all(_: object, __: object, state: ClusterState, ___: object) -> None:
        restored.append(state)

    async def wait_healthy(*_: object, **__: object) -> ClusterState:
        if len(restored) == 2:
            made.state = join(CLUSTER, healthy())
        return made.state

    monkeypatch.setattr(module, "restore_all", restore_all)
    monkeypatch.setattr(module, "wait_healthy", wait_healthy)
    assert await module.bring_up(made.lab, CLUSTER, Silent()) == join(CLUSTER, healthy())
    assert len(restored) == 2
