"""Runs the recorder in the lab's network and hands on its events."""

import asyncio
import contextlib
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from tuchanka.errors import HostError
from tuchanka.events import Event, from_json
from tuchanka.heartbeat.config import Config, InstanceConfig, Probe, Reader, to_json
from tuchanka.lab.lab import Deployment
from tuchanka.services.heartbeat import DATABASE, PASSWORD, USER
from tuchanka.topology.types import Cluster, Instance

STOP_S = 5.0
LINE_BYTES = 1 << 20

S = TypeVar("S")


def configure(
    lab: Deployment,
    instances: Sequence[tuple[Cluster, Instance]],
    *,
    rate: float = 10.0,
    duration_s: float | None = None,
) -> Config:
    """Return the recorder's configuration for these instances, with a run name of its own."""
    password = lab.secrets().services[PASSWORD]
    return Config(
        run=uuid.uuid4().hex,
        rate=rate,
        duration_s=duration_s,
        instances=tuple(
            InstanceConfig(
                name=instance.name,
                port=instance.port,
                database=DATABASE,
                user=USER,
                password=password,
                primary=str(instance.primary_vip.address),
                readers=tuple(Reader(vip.name, str(vip.address)) for vip in instance.standby_vips),
                probes=tuple(Probe(name, str(cluster.node(name).address)) for name in instance.nodes),
                vip=instance.primary_vip.name,
            )
            for cluster, instance in instances
        ),
    )


@asynccontextmanager
async def recording(
    lab: Deployment, config: Config, sink: Callable[[Event], None]
) -> AsyncIterator[asyncio.Task[None]]:
    """Keep a recorder running inside the block; ``sink`` gets every event. It ends, and is waited for, at the exit.

    The task given is done when the recorder has ended by itself (its duration is over, or it failed).

    Raises:
        HostError: the recorder ended with an error.
    """
    process = await asyncio.create_subprocess_exec(
        *lab.inside([sys.executable, "-m", "tuchanka.heartbeat"]),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
        cwd="/",
    )
    stdout = _stream(process.stdout)

    async def hand_on() -> None:
        async for line in stdout:
            sink(from_json(line.decode(), where="heartbeat"))

    reading = asyncio.create_task(hand_on())
    try:
        with contextlib.suppress(ConnectionError):  # it has ended already: its status and words say why
            stdin = _stream(process.stdin)
            stdin.write(to_json(config).encode() + b"\n")
            await stdin.drain()
        yield reading
    finally:
        status, complaint = await _stop(process, reading)
        if status != 0:
            # Whatever failed meanwhile failed because of this.
            raise HostError(f"the heartbeat's recorder ended with status {status}: {complaint}")


async def _stop(process: asyncio.subprocess.Process, reading: asyncio.Task[None]) -> tuple[int, str]:
    """End the recorder, hand on its last events, and return its status and what it complained about."""
    # The end of its input ends it. A signal would not do: sending one asks first whether the process has ended, and
    # so can take its exit status away from asyncio, which then makes up another one (255).
    _stream(process.stdin).close()
    try:
        async with asyncio.timeout(STOP_S):
            await reading
            complaint = (await _stream(process.stderr).read()).decode().strip()
            return await process.wait(), complaint
    except TimeoutError:
        return -signal.SIGKILL, f"it did not stop within {STOP_S:g} s"
    finally:
        if process.returncode is None:
            process.kill()


def _stream(stream: S | None) -> S:
    """Return a stream that was asked for as a pipe, and so is there."""
    if stream is None:
        raise HostError("the heartbeat's recorder has no pipe")
    return stream
