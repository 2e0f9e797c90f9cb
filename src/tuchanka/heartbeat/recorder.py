"""The clock of the heartbeat: starts every beat at its time, whatever became of the one before."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence

from tuchanka.events import Clock, Event, RecorderLate
from tuchanka.heartbeat.config import Config
from tuchanka.heartbeat.streams import Stream, streams
from tuchanka.heartbeat.vips import watch_vips

# How often the wall clock is noted: a step of the host's clock during a run then shows.
CLOCK_EVERY_S = 10.0


async def record(config: Config, emit: Callable[[Event], None], stop: asyncio.Event) -> None:
    """Beat until ``stop`` is set or the config's duration is over, and ``emit`` an event for every beat begun.

    Ends at most ``deadline_s`` after it was told to: beats under way have a deadline, and none is dropped.
    """
    emit(Clock(t=time.monotonic(), wall=time.time()))
    every = streams(config.run, config.instances)
    try:
        async with asyncio.TaskGroup() as group:
            others = [group.create_task(_note_clock(emit)), group.create_task(watch_vips(config.instances, emit))]
            await _tick(config, every, emit, stop, group)
            for other in others:
                other.cancel()
    finally:
        for stream in every:
            stream.close()
        await asyncio.sleep(0)  # aborted sockets are closed on the next turn of the loop


async def _tick(
    config: Config,
    every: Sequence[Stream],
    emit: Callable[[Event], None],
    stop: asyncio.Event,
    group: asyncio.TaskGroup,
) -> None:
    """Tick at ``t0 + n / rate``.

    After a stall the tick it held up is done late and those that were missed meanwhile are left out (one
    RecorderLate stands for them): a burst of beats would measure us, not the service.
    """

    async def beat(stream: Stream, seq: int, due: float) -> None:
        for event in await stream.beat(seq, due, loop.time() + config.deadline_s):
            emit(event)

    loop = asyncio.get_running_loop()
    t0 = loop.time()
    end = math.inf if config.duration_s is None else t0 + config.duration_s
    tick = seq = 0
    while (due := t0 + tick / config.rate) < end:
        if await _stopped_before(due, stop):
            return
        now = loop.time()
        if now - due > 1 / config.rate:
            emit(RecorderLate(t=now, what="tick", due=due))
        seq += 1
        for stream in every:
            group.create_task(beat(stream, seq, due))
        tick = max(tick + 1, math.ceil((now - t0) * config.rate))


async def _stopped_before(due: float, stop: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout_at(due):
            await stop.wait()
    except TimeoutError:
        return False
    return True


async def _note_clock(emit: Callable[[Event], None]) -> None:
    while True:
        await asyncio.sleep(CLOCK_EVERY_S)
        emit(Clock(t=time.monotonic(), wall=time.time()))
