"""The watchdog on a real FIFO, fed from the other end as sbd feeds it."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tuchanka.providers.nspawn.watchdog import WatchdogFifo
from tuchanka.waiting import wait_until

LONG_S = 60.0
SHORT_S = 0.15


def serve(path: Path, timeout_s: float, work: Callable[[WatchdogFifo, list[float]], Awaitable[None]]) -> None:
    async def run() -> None:
        fired: list[float] = []
        watchdog = WatchdogFifo(path, timeout_s, fired.append)
        try:
            await work(watchdog, fired)
        finally:
            watchdog.close()

    asyncio.run(run())


def feed(path: Path, data: bytes) -> None:
    """Open, write and close, as a guest does; the device's reader is always there, so nothing blocks."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    os.write(descriptor, data)
    os.close(descriptor)


async def becomes(armed: bool, watchdog: WatchdogFifo) -> None:
    async def is_so() -> bool:
        return watchdog.armed == armed

    await wait_until(is_so, deadline_s=5, interval_s=0.005, what=f"armed = {armed}")


def test_the_first_byte_arms_and_v_disarms(tmp_path: Path):
    path = tmp_path / "watchdog"

    async def work(watchdog: WatchdogFifo, fired: list[float]) -> None:
        assert not watchdog.armed
        feed(path, b"\0")
        await becomes(True, watchdog)
        feed(path, b"\0V")
        await becomes(False, watchdog)
        feed(path, b"\0")
        await becomes(True, watchdog)
        assert fired == []

    serve(path, LONG_S, work)


def test_it_fires_once_after_the_silence_and_not_before(tmp_path: Path):
    path = tmp_path / "watchdog"

    async def work(watchdog: WatchdogFifo, fired: list[float]) -> None:
        start = time.monotonic()
        feed(path, b"\0")
        await becomes(True, watchdog)
        await becomes(False, watchdog)
        assert time.monotonic() - start >= SHORT_S
        assert len(fired) == 1
        assert fired[0] >= SHORT_S
        await asyncio.sleep(2 * SHORT_S)
        assert len(fired) == 1

    serve(path, SHORT_S, work)


def test_feeding_keeps_it_from_firing(tmp_path: Path):
    path = tmp_path / "watchdog"

    async def work(watchdog: WatchdogFifo, fired: list[float]) -> None:
        begun = time.monotonic()
        while time.monotonic() - begun < 0.8:
            feed(path, b"\0")
            await asyncio.sleep(0.02)
        assert watchdog.armed
        assert fired == []

    serve(path, 0.4, work)


def test_a_disarmed_one_does_not_fire(tmp_path: Path):
    path = tmp_path / "watchdog"

    async def work(watchdog: WatchdogFifo, fired: list[float]) -> None:
        feed(path, b"\0")
        await becomes(True, watchdog)
        feed(path, b"V")
        await becomes(False, watchdog)
        await asyncio.sleep(2 * SHORT_S)
        assert fired == []

    serve(path, SHORT_S, work)


def test_a_close_without_v_does_not_disarm(tmp_path: Path):
    path = tmp_path / "watchdog"

    async def work(watchdog: WatchdogFifo, fired: list[float]) -> None:
        feed(path, b"\0")  # and closes: the daemon was killed
        await becomes(True, watchdog)
        await becomes(False, watchdog)
        assert len(fired) == 1

    serve(path, SHORT_S, work)


def test_what_a_dead_machine_left_does_not_arm_the_next_boot(tmp_path: Path):
    path = tmp_path / "watchdog"

    async def work(watchdog: WatchdogFifo, fired: list[float]) -> None:
        feed(path, b"\0" * 10)
        watchdog.drain()
        watchdog.drain()
        await asyncio.sleep(0.05)
        assert not watchdog.armed
        feed(path, b"\0")
        await becomes(True, watchdog)
        watchdog.drain()
        assert not watchdog.armed

    serve(path, LONG_S, work)


def test_while_it_is_paused_it_does_not_count_and_then_goes_on_where_it_was(tmp_path: Path):
    path = tmp_path / "watchdog"
    timeout_s = 1.5

    async def work(watchdog: WatchdogFifo, fired: list[float]) -> None:
        watchdog.resume()  # of nothing
        feed(path, b"\0")
        await becomes(True, watchdog)
        watchdog.pause()
        watchdog.pause()
        watchdog.last_fed -= timeout_s - 0.1  # so much of it had gone
        await asyncio.sleep(0.3)
        assert (watchdog.armed, fired) == (True, [])
        begun = time.monotonic()
        watchdog.resume()
        await becomes(False, watchdog)
        assert time.monotonic() - begun < timeout_s
        assert len(fired) == 1

    serve(path, timeout_s, work)


def test_a_pause_ends_with_the_machine(tmp_path: Path):
    path = tmp_path / "watchdog"

    async def work(watchdog: WatchdogFifo, fired: list[float]) -> None:
        watchdog.pause()
        watchdog.drain()
        feed(path, b"\0")
        await becomes(True, watchdog)
        await becomes(False, watchdog)
        assert len(fired) == 1

    serve(path, SHORT_S, work)


def test_a_fifo_of_an_earlier_supervisor_is_replaced(tmp_path: Path):
    path = tmp_path / "watchdog"
    path.touch()

    async def work(watchdog: WatchdogFifo, fired: list[float]) -> None:
        assert path.is_fifo()
        assert path.stat().st_mode & 0o777 == 0o600
        feed(path, b"\0")
        await becomes(True, watchdog)

    serve(path, LONG_S, work)
