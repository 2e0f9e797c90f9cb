"""Standard output and standard input of the recorder, each on a thread of its own.

A reader of ours that pauses must not stop the beats, and a pipe, a file and a terminal must all do; neither is so
with asyncio's own pipes. Both threads use plain descriptors: a daemon thread that blocks inside a buffered
stream makes the interpreter's exit fail.
"""

import os
import queue
import select
import threading
import time
from collections.abc import Callable

from tuchanka.errors import DeadlineExceeded, InputError

MAX_CONFIG_BYTES = 1_000_000


class Lines:
    """Writes lines to a descriptor in order, each as soon as it can; never blocks the caller."""

    def __init__(self, descriptor: int, broken: Callable[[], None]) -> None:
        """``broken`` is called, on the writing thread, once when nobody reads any more."""
        self._descriptor = descriptor
        self._broken = broken
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="lines", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Write ``line``, given without its end."""
        self._queue.put(line)

    def close(self, timeout_s: float) -> bool:
        """Wait at most ``timeout_s`` until all is written; return whether it was (or nobody reads any more)."""
        self._queue.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _write(self) -> None:
        try:
            while (line := self._queue.get()) is not None:
                left = f"{line}\n".encode()
                while left:
                    left = left[os.write(self._descriptor, left) :]
        except OSError:
            self._broken()


def read_config_line(descriptor: int, timeout_s: float) -> str:
    """Return the first line of ``descriptor``, without its end.

    Raises:
        DeadlineExceeded: no whole line came in time.
        InputError: the input ended before a line, or the line is no text.
    """
    end = time.monotonic() + timeout_s
    data = b""
    while not data.endswith(b"\n"):
        if not select.select([descriptor], [], [], max(0.0, end - time.monotonic()))[0]:
            raise DeadlineExceeded(f"no config line came within {timeout_s:g} s", where="standard input")
        # One byte at a time, so that nothing after the line is swallowed; it is one short line.
        byte = os.read(descriptor, 1)
        if not byte or len(data) > MAX_CONFIG_BYTES:
            raise InputError("no config line came", where="standard input")
        data += byte
    try:
        return data.decode().rstrip("\n")
    except UnicodeDecodeError:
        raise InputError("the config line is no UTF-8", where="standard input") from None


def watch_for_end(descriptor: int, ended: Callable[[], None]) -> None:
    """Call ``ended``, on a thread of its own, when ``descriptor`` is at its end."""

    def watch() -> None:
        try:
            while os.read(descriptor, 4096):
                pass
        except OSError:
            pass
        ended()

    threading.Thread(target=watch, name="end-of-input", daemon=True).start()
