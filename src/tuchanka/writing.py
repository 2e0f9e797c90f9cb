"""The one way to write a file that others read: in one step."""

import os
import tempfile
from pathlib import Path

from tuchanka.errors import HostError


def write_atomically(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write the file (UTF-8) so that a reader, or a crash, sees the old text or the new one.

    Raises:
        HostError: it can't be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(mode)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise HostError(
            f"can't write: {error.strerror}", where=str(path), hint="is there room, and may you write there?"
        ) from error
