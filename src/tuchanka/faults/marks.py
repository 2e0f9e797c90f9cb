"""Which planned operations were begun by a fault: kept in the lab's folder, for the healing after a kill.

A node in standby, or a cluster in maintenance, may be so because an administrator wants it. Only what has a mark is
taken back.
"""

import shutil
from pathlib import Path

from tuchanka.lab.lab import Lab


def _folder(lab: Lab) -> Path:
    return lab.path / "begun"


def mark(lab: Lab, operation: str, target: str) -> None:
    """Note that the operation is about to begin."""
    file = _folder(lab) / f"{operation}.{target}"
    file.parent.mkdir(exist_ok=True)
    file.touch()


def unmark(lab: Lab, operation: str, target: str) -> None:
    """Note that nothing of the operation is left; safe to repeat."""
    (_folder(lab) / f"{operation}.{target}").unlink(missing_ok=True)


def marked(lab: Lab, operation: str, target: str) -> bool:
    """Say whether the operation was begun on the target, and not taken back."""
    return (_folder(lab) / f"{operation}.{target}").exists()


def forget(lab: Lab) -> None:
    """Note that nothing is left of any operation: the disks are those of before."""
    shutil.rmtree(_folder(lab), ignore_errors=True)
