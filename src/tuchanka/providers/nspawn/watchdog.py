"""A watchdog device without a kernel module: a FIFO that sbd feeds as it would ``/dev/watchdog``.

The rules are those of the kernel's watchdog API (Documentation/watchdog/watchdog-api.rst): the first byte arms it,
every byte feeds it, ``V`` as the last byte before a close ends it, and a silence of the timeout fires it.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

MAGIC_CLOSE = b"V"


class WatchdogFifo:
    """Serves one FIFO on the running event loop; ``expired`` is called with the silence in seconds."""

    def __init__(self, path: Path, timeout_s: float, expired: Callable[[float], None]) -> None:
        self.timeout_s = timeout_s
        self.expired = expired
        self.armed = False
        self.works = True  # one that doesn't is fed and armed like any, and never fires
        self.last_fed = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._paused_at: float | None = None
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)
        # Open for both directions: a guest's open never blocks, and its close is no end of file here.
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        asyncio.get_event_loop().add_reader(self._descriptor, self._fed)

    def _fed(self) -> None:
        data = os.read(self._descriptor, 4096)
        self.last_fed = time.monotonic()
        if data.endswith(MAGIC_CLOSE):
            self.disarm()
        elif not self.armed:
            self.armed = True
            self._wait(self.timeout_s)

    def _wait(self, seconds: float) -> None:
        if self._paused_at is None:
            self._timer = asyncio.get_event_loop().call_later(seconds, self._check)

    def _check(self) -> None:
        silence = time.monotonic() - self.last_fed
        if silence >= self.timeout_s and self.works:
            self.disarm()
            self.expired(silence)
        elif silence >= self.timeout_s:
            self._wait(self.timeout_s)
        else:
            self._wait(self.timeout_s - silence)

    def disarm(self) -> None:
        """Stop counting until the next byte."""
        self.armed = False
        self._stop()

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def pause(self) -> None:
        """Stop counting until ``resume``: the machine that feeds it is frozen."""
        if self._paused_at is None:
            self._paused_at = time.monotonic()
            self._stop()

    def resume(self) -> None:
        """Go on counting where ``pause`` stopped it; safe where it didn't."""
        if self._paused_at is None:
            return
        silence = max(0.0, self._paused_at - self.last_fed)
        self._paused_at = None
        self.last_fed = time.monotonic() - silence
        if self.armed:
            self._wait(self.timeout_s - silence)

    def drain(self) -> None:
        """Forget what a machine that is gone has left in the FIFO, so that it can't arm the next boot."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._descriptor, 65536)
        self.disarm()
        self.resume()

    def close(self) -> None:
        """Stop serving."""
        self.disarm()
        asyncio.get_event_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
