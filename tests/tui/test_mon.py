"""The live view: keys and looks go in, a screen comes out; what is looked at is handed in."""

import asyncio
import os
import pty
import sys
import termios
from collections.abc import Awaitable, Callable

import pytest
from rich.console import Console

from tests.pacemaker.test_changes import HEALTHY, LOST
from tests.pacemaker.views import CLUSTER
from tuchanka.cli.mon import drive
from tuchanka.errors import MachineError
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.tui.changes import Seen
from tuchanka.tui.keys import HANG_UP, names, pressed
from tuchanka.tui.mon import Mon
from tuchanka.waiting import wait_until


def after_another(*states: ClusterState | Exception) -> Callable[[], Awaitable[Seen]]:
    """Look at each in turn, then at the last again and again."""
    left = list(states)

    async def look() -> Seen:
        state = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(state, Exception):
            raise state
        return [(CLUSTER, state)]

    return look


def screen(mon: Mon, *, width: int = 120, height: int = 40) -> list[str]:
    console = Console(width=width, height=height)
    with console.capture() as captured:
        console.print(mon.draw(console), end="")
    return [line.rstrip() for line in captured.get().splitlines()]


def mon_after(*states: ClusterState) -> Mon:
    mon = Mon(["tuchanka2"])
    for state in states:
        mon.show([(CLUSTER, state)], "12:00:00")
    return mon


def changes(mon: Mon, **size: int) -> list[str]:
    lines = screen(mon, **size)
    (rule,) = (number for number, line in enumerate(lines) if line.startswith("clusters"))
    return [line for line in lines[rule + 1 : -1] if line]


def test_it_shows_the_state_and_what_changed():
    mon = mon_after(HEALTHY, LOST, LOST)
    text = "\n".join(screen(mon))
    for word in ("not healthy", "tuchanka2a is off", "tuchanka2b", "krogan2s1", "3 of 3 votes", "armed", "timeline"):
        assert word in text
    mon.press("e")
    log = "\n".join(changes(mon))
    assert "the primary of krogan2: tuchanka2a → tuchanka2b" in log
    assert log.count("is switched off") == 1


def test_nothing_is_said_of_the_first_look():
    assert "tuchanka2: looking" in "\n".join(screen(Mon(["tuchanka2"])))
    mon = mon_after(HEALTHY)
    assert changes(mon) == []
    assert "tuchanka2: healthy" in "\n".join(screen(mon))


@pytest.mark.parametrize("size", [(120, 40), (40, 12), (200, 5), (50, 2), (20, 100)])
def test_it_fills_the_screen_and_no_more(size: tuple[int, int]):
    width, height = size
    mon = mon_after(HEALTHY, LOST)
    for key in ("", "e", "page down", "tab", "up", "e"):
        mon.press(key)
        lines = screen(mon, width=width, height=height)
        assert len(lines) == height
        assert max(map(len, lines)) <= width


def test_keys_scroll_the_one_part_or_the_other():
    mon = mon_after(HEALTHY, LOST, HEALTHY)
    size = {"width": 120, "height": 18}
    top = screen(mon, **size)[1]
    mon.press("down")
    assert screen(mon, **size)[1] != top
    mon.press("up")
    mon.press("up")
    assert screen(mon, **size)[1] == top
    newest = changes(mon, **size)[-1]
    mon.press("tab")
    mon.press("home")
    first = changes(mon, **size)
    assert newest not in first
    # What is read stays where it is when more comes, until the end is asked for.
    mon.show([(CLUSTER, LOST)], "12:00:01")
    assert changes(mon, **size) == first
    mon.press("end")
    assert changes(mon, **size)[-1].startswith("12:00:01")
    mon.show([(CLUSTER, HEALTHY)], "12:00:02")
    assert changes(mon, **size)[-1].startswith("12:00:02")


async def until(holds: Callable[[], bool], what: str) -> None:
    async def now() -> bool:
        return holds()

    await wait_until(now, deadline_s=10, interval_s=0.01, what=what)


@pytest.mark.anyio
async def test_a_pause_stops_looking_and_q_ends():
    looks = 0

    async def look() -> Seen:
        nonlocal looks
        looks += 1
        return [(CLUSTER, HEALTHY)]

    mon = Mon(["tuchanka2"])
    keys: asyncio.Queue[str] = asyncio.Queue()
    running = asyncio.create_task(drive(mon, look, keys, lambda _: None, interval_s=0.01))
    await until(lambda: looks >= 3, "three looks")
    keys.put_nowait("space")
    await until(lambda: mon.paused, "the pause")
    before = looks
    await asyncio.sleep(0.1)
    assert looks <= before + 1
    assert "paused" in screen(mon)[0]
    keys.put_nowait("space")
    await until(lambda: looks >= before + 3, "more looks")
    keys.put_nowait("q")
    await running


@pytest.mark.anyio
async def test_an_error_ends_it():
    look = after_another(HEALTHY, MachineError("is gone", where="tuchanka2a"))
    with pytest.raises(MachineError, match="tuchanka2a: is gone"):
        await drive(Mon(["tuchanka2"]), look, asyncio.Queue(), lambda _: None, interval_s=0.01)


def test_what_terminals_send():
    assert names(b"q \t\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[H\x1b[4~") == [
        *("q", "space", "tab", "up", "down", "page up", "page down", "home", "end")
    ]
    assert names(b"\x1b[1;5C\x1b[15~\x00\xc3\xa4\x1b") == []


@pytest.mark.anyio
async def test_keys_are_read_as_they_are_pressed_and_the_terminal_is_as_before(monkeypatch: pytest.MonkeyPatch):
    ours, theirs = pty.openpty()
    with open(theirs, "rb", buffering=0) as terminal:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stdin", terminal)
        before = termios.tcgetattr(theirs)
        found: list[str] = []
        with pressed(found.append):
            os.write(ours, b"e\x1b[B")
            await until(lambda: found == ["e", "down"], "two keys")
        assert termios.tcgetattr(theirs) == before
        with pressed(found.append):
            os.close(ours)
            await until(lambda: found[-1] == HANG_UP, "the end of the terminal")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
