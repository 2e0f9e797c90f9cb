"""The log of a machine's console, which keeps its newest part: a guest that writes without end fills no disk."""

from pathlib import Path

LIMIT_BYTES = 2 << 20
"""How much a file takes; there are two, the current one and the one before it."""


def older(path: Path) -> Path:
    """Return the file with what was written before the current one."""
    return path.with_name(f"{path.name}.1")


def read(path: Path) -> bytes:
    """Return what is kept, the oldest first."""
    return b"".join(file.read_bytes() for file in (older(path), path) if file.exists())


class ConsoleLog:
    """Writes the log; goes on where an earlier one ended."""

    def __init__(self, path: Path, limit: int = LIMIT_BYTES) -> None:
        self.path = path
        self.limit = limit
        self.file = path.open("ab", buffering=0)

    def write(self, data: bytes) -> None:
        """Append, first in a new file where the current one is full."""
        if self.file.tell() >= self.limit:
            self.file.close()
            self.path.replace(older(self.path))
            self.file = self.path.open("ab", buffering=0)
        self.file.write(data)

    def close(self) -> None:
        """Stop writing."""
        self.file.close()
