"""The keys that are pressed on a terminal, as they are pressed, without an Enter after them."""

import asyncio
import os
import re
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

# What terminals send, ECMA-48 and xterm's variants: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
_ONE = re.compile(rb"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|[\x00-\xff]", re.DOTALL)
_NAMES = {
    **{b"\x1b" + begin + b"A": "up" for begin in (b"[", b"O")},
    **{b"\x1b" + begin + b"B": "down" for begin in (b"[", b"O")},
    **{b"\x1b" + end: "home" for end in (b"[H", b"OH", b"[1~", b"[7~")},
    **{b"\x1b" + end: "end" for end in (b"[F", b"OF", b"[4~", b"[8~")},
    b"\x1b[5~": "page up",
    b"\x1b[6~": "page down",
    b"\t": "tab",
    b" ": "space",
}
HANG_UP = "hang-up"


def names(data: bytes) -> list[str]:
    """Return the keys that these bytes are; those without a name here as the character, others not at all. Pure."""
    found = [_NAMES.get(one) or one.decode("ascii", "ignore") for one in _ONE.findall(data)]
    return [one for one in found if one.isprintable() and one]


@contextmanager
def pressed(take: Callable[[str], None]) -> Iterator[None]:
    """Call ``take`` with every key while the context lasts, and with ``HANG_UP`` when the terminal is gone.

    Ctrl-C interrupts as always; Ctrl-Z does nothing, as it would leave the terminal in this state.
    """
    terminal = sys.stdin.fileno()
    loop = asyncio.get_running_loop()
    before = termios.tcgetattr(terminal)
    modes = termios.tcgetattr(terminal)
    modes[3] &= ~(termios.ICANON | termios.ECHO)
    modes[6][termios.VSUSP] = os.fpathconf(terminal, "PC_VDISABLE").to_bytes(1, sys.byteorder)

    def read() -> None:
        try:
            data = os.read(terminal, 1024)
        except OSError:  # a terminal that was closed
            data = b""
        for key in names(data) if data else [HANG_UP]:
            take(key)

    termios.tcsetattr(terminal, termios.TCSADRAIN, modes)
    loop.add_reader(terminal, read)
    try:
        yield
    finally:
        loop.remove_reader(terminal)
        with suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
