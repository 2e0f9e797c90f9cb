"""The recorder's process: how its end is told."""

import asyncio
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tuchanka.errors import HostError
from tuchanka.heartbeat.client import recording
from tuchanka.heartbeat.config import Config

CONFIG = Config(run="r", instances=())
# One takes its config and ends by itself, the other waits for the end of its input.
BY_ITSELF = "import sys; sys.stdin.readline(); sys.exit({status})"
WHEN_TOLD = "import sys; sys.stdin.read()"


def lab(program: str) -> Any:
    def inside(_: Sequence[str]) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", program]

    return SimpleNamespace(inside=inside)


async def run(program: str, *, wait: bool) -> None:
    async with recording(lab(program), CONFIG, lambda _: None) as ended:
        if wait:
            await ended


def test_one_that_ends_by_itself_is_never_said_to_have_failed():
    async def often() -> None:
        await asyncio.gather(*(run(BY_ITSELF.format(status=0), wait=True) for _ in range(20)))

    asyncio.run(often())


def test_one_that_is_told_to_ends():
    asyncio.run(run(WHEN_TOLD, wait=False))


def test_one_that_fails_is_said_to_have_failed():
    with pytest.raises(HostError, match="status 7"):
        asyncio.run(run(BY_ITSELF.format(status=7), wait=True))
