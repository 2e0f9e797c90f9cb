"""Looking for programs, files and room on the host."""

import glob
import shutil
from pathlib import Path

from tuchanka.providers.host import nearest, search_path


def find(choices: tuple[str, ...]) -> str | None:
    """The path of the first of ``choices`` that is there: names of programs, or absolute paths with ``*``."""
    path = search_path()
    for choice in choices:
        if choice.startswith("/"):
            matches = sorted(glob.glob(choice))  # noqa: PTH207 - the pattern is absolute
            if matches:
                return matches[-1]
        elif found := shutil.which(choice, path=path):
            return found
    return None


def free_bytes(folder: Path) -> int:
    """Room on the file system that ``folder`` is, or will be, on."""
    return shutil.disk_usage(nearest(folder)).free
