"""The live view, driven by Textual's pilot; what is looked at is handed in."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from rich.console import Console
from textual.widgets import RichLog, Static

from tests.pacemaker.test_changes import HEALTHY, LOST
from tests.pacemaker.views import CLUSTER
from tuchanka.errors import MachineError
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.tui.changes import Seen
from tuchanka.tui.mon import Mon
from tuchanka.waiting import wait_until


def after_another(*states: ClusterState | Exception) -> Callable[[], Awaitable[Seen]]:
    """Look at each in turn, then at the last for ever."""
    left = list(states)

    async def look() -> Seen:
        state = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(state, Exception):
            raise state
        return [(CLUSTER, state)]

    return look


def shown(app: Mon) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(app.query_one("#cluster-tuchanka2", Static).content)
    return captured.get()


async def _now(holds: bool) -> bool:
    return holds


async def until(app: Mon, looks: int) -> None:
    await wait_until(lambda: _now(app.looks >= looks), deadline_s=10, interval_s=0.01, what=f"{looks} looks")


@pytest.mark.anyio
async def test_it_shows_the_state_and_what_changed():
    app = Mon(after_another(HEALTHY, LOST), ["tuchanka2"], interval_s=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(app, 1)
        await until(app, 3)
        await pilot.pause()
        text = shown(app)
        for word in ("not healthy", "tuchanka2a is off", "tuchanka2b", "krogan2s1", "3 of 3 votes", "armed"):
            assert word in text
        log = "\n".join(strip.text for strip in app.query_one(RichLog).lines)
        assert "the primary of krogan2: tuchanka2a → tuchanka2b" in log
        assert log.count("is switched off") == 1
        await pilot.press("q")
    assert app.failure is None


@pytest.mark.anyio
async def test_nothing_is_said_of_the_first_look_and_a_pause_stops_looking():
    app = Mon(after_another(HEALTHY), ["tuchanka2"], interval_s=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(app, 3)
        assert app.query_one(RichLog).lines == []
        assert "healthy" in shown(app)
        await pilot.press("space")
        await pilot.pause()
        looks = app.looks
        await asyncio.sleep(0.1)
        assert app.looks <= looks + 1
        await pilot.press("space")
        await until(app, looks + 3)


@pytest.mark.anyio
async def test_an_error_ends_it():
    app = Mon(after_another(HEALTHY, MachineError("is gone", where="tuchanka2a")), ["tuchanka2"], interval_s=0.01)
    async with app.run_test():
        await wait_until(lambda: _now(app.failure is not None), deadline_s=10, interval_s=0.01, what="the end")
    assert str(app.failure) == "tuchanka2a: is gone"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
