"""What a restore does when what it chose comes to nothing."""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.pacemaker.test_restore_method import BEHIND, DIVERGED, NODE
from tests.pacemaker.views import healthy
from tuchanka.errors import CommandFailed, LabError
from tuchanka.lab.progress import Silent
from tuchanka.providers.fake import FakeProvider
from tuchanka.stacks.pacemaker.observe import join
from tuchanka.stacks.pacemaker.restore import repair as restore
from tuchanka.stacks.pacemaker.restore.attempts import METHODS
from tuchanka.stacks.pacemaker.restore.method import Method, Seen
from tuchanka.stacks.pacemaker.restore.plan import RestoreStep, make_plan
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.topology.load import load

CLUSTER = load(None).cluster("tuchanka2")
Tried = Mapping[str, frozenset[Method]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Played:
    """A node with this data, where some methods fail: as a command, or because the standby doesn't stream."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seen: Seen, *, fails: set[str], mute: set[str]) -> None:
        self.seen, self.fails, self.mute = seen, fails, mute
        self.done: list[str] = []
        for name in ("do", "plan", "_streams", "observe", "wait_fenced", "wait_healthy"):
            monkeypatch.setattr(restore, name, getattr(self, name.strip("_")))
        monkeypatch.setattr(restore, "others_failed", lambda *_: [])

    async def do(self, _lab: Any, _cluster: Any, node: str, step: RestoreStep, _note: Any) -> None:
        self.done.append(step.action)
        if step.action in self.fails:
            raise CommandFailed(node, step.action, 1, "it did not work")

    async def plan(self, *_: Any, force: bool, tried: Tried | None = None) -> tuple[RestoreStep, ...]:
        seen = replace(self.seen, tried=(tried or {}).get("krogan2", frozenset()))
        return make_plan((seen,), NODE, force=force)

    async def streams(self, *_: Any) -> list[str]:
        last = [action for action in self.done if action in METHODS][-1]
        return ["krogan2"] if last in self.mute else []

    async def observe(self, *_: Any) -> None: ...

    async def wait_fenced(self, *_: Any) -> None: ...

    async def wait_healthy(self, *_: Any, **__: Any) -> None: ...

    async def run(self) -> list[str]:
        lab: Any = None
        steps = await self.plan(force=False)
        await restore.carry_out(lab, CLUSTER, NODE, steps, Silent())
        return [action for action in self.done if action in {*METHODS, "recover"}]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("seen", "fails", "mute", "done"),
    [
        (DIVERGED, set(), set(), ["rewind"]),
        (DIVERGED, {"rewind"}, set(), ["rewind", "base-backup"]),
        (DIVERGED, set(), {"rewind"}, ["rewind", "base-backup"]),
        (BEHIND, set(), {"restart"}, ["restart", "recover", "base-backup"]),
        (BEHIND, {"recover"}, set(), ["restart", "recover", "base-backup"]),
    ],
)
async def test_what_fails_is_given_up_for_a_base_backup(
    monkeypatch: pytest.MonkeyPatch, seen: Seen, fails: set[str], mute: set[str], done: list[str]
):
    assert await Played(monkeypatch, seen, fails=fails, mute=mute).run() == done


@pytest.mark.anyio
async def test_after_a_base_backup_there_is_nothing_left_to_try(monkeypatch: pytest.MonkeyPatch):
    played = Played(monkeypatch, DIVERGED, fails={"rewind"}, mute={"base-backup"})
    with pytest.raises(LabError, match="although its data was copied"):
        await played.run()


@pytest.mark.anyio
async def test_any_other_failure_ends_the_restore(monkeypatch: pytest.MonkeyPatch):
    played = Played(monkeypatch, DIVERGED, fails={"forget-score"}, mute=set())
    with pytest.raises(CommandFailed):
        await played.run()


@pytest.mark.anyio
async def test_a_node_that_came_back_quickly_is_restored_only_after_its_fencing(monkeypatch: pytest.MonkeyPatch):
    looks = iter([True, True, False])
    seen: list[bool] = []

    class Looked:
        def node(self, _name: str) -> Any:
            seen.append(next(looks))
            return type("Node", (), {"unclean": seen[-1]})

    async def observe(*_: Any) -> Any:
        return Looked()

    monkeypatch.setattr(restore, "observe", observe)
    lab: Any = None
    await restore.wait_fenced(lab, CLUSTER, NODE)
    assert seen == [True, True, False]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("looks", "starts"),
    [
        ([{}, {"state": "streaming"}], 0),
        ([{"stack_running": False}, {}, {"state": "streaming"}], 1),
        ([{"stack_running": False, "unclean": True}, {"stack_running": False}, {"state": "streaming"}], 1),
        ([{"stack_running": False, "power": "off"}, {"state": "streaming"}], 0),
    ],
)
async def test_a_pacemaker_that_was_not_let_in_is_started_again(
    monkeypatch: pytest.MonkeyPatch, looks: list[dict[str, Any]], starts: int
):
    left = iter(looks)
    started: list[str] = []

    async def observe(*_: Any) -> ClusterState:
        return standing(**next(left))

    async def start_node(_cluster: Any, node: Any) -> None:
        started.append(node.name)

    monkeypatch.setattr(restore, "observe", observe)
    monkeypatch.setattr(restore, "start_node", start_node)
    provider = FakeProvider()
    lab: Any = SimpleNamespace(machine=provider.machine, topology=load(None))
    assert await restore._streams(lab, CLUSTER, NODE, ("krogan2",), lambda _: None) == []
    assert started == [NODE] * starts


def standing(*, state: str | None = None, **changes: Any) -> ClusterState:
    """The cluster while the copy on the node has this state of replication."""
    seen = join(CLUSTER, healthy())
    copies = [replace(copy, state=state) if copy.node == NODE else copy for copy in seen.instances[0].copies]
    nodes = [replace(node, **changes) if node.name == NODE else node for node in seen.nodes]
    return replace(seen, nodes=tuple(nodes), instances=(replace(seen.instances[0], copies=tuple(copies)),))
