"""Snapshots as layers: a snapshot freezes what is written to as one more layer below it.

A machine's folder holds its layers; a layer is a folder with a file for each of the machine's disks, which its
provider makes and lays one upon the other (overlay mounts, a chain of backing files). Each change of state is one
``rename`` of such a folder, so that an interrupted verb leaves either the state before or the state after it, and
that of all disks together.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tuchanka.errors import UnknownName

Make = Callable[[Path], None]
"""Fills a new layer's folder with the empty files of all disks."""


def upper(machine: Path) -> Path:
    """Return the layer that is written to."""
    return machine / "upper"


def frozen(machine: Path) -> list[Path]:
    """Return the frozen layers, the oldest first in the order of their names."""
    folder = machine / "layers"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def layers(machine: Path) -> tuple[Path, ...]:
    """Return all layers, the oldest first, the one that is written to last."""
    return (*frozen(machine), upper(machine))


def names(machine: Path) -> tuple[str, ...]:
    """Return the snapshots' names, the oldest first."""
    return tuple(layer.name.partition("-")[2] for layer in frozen(machine))


def prepare(machine: Path, make: Make) -> None:
    """Make the layer that is written to, if there is none."""
    (machine / "layers").mkdir(parents=True, exist_ok=True)
    if upper(machine).exists():
        return
    new = machine / "upper.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    make(new)
    new.rename(upper(machine))


def freeze(machine: Path, name: str, make: Make) -> None:
    """Keep the disks as they are now under ``name``; the machine must be off."""
    before = frozen(machine)
    number = int(before[-1].name.partition("-")[0]) + 1 if before else 1
    prepare(machine, make)
    upper(machine).rename(machine / "layers" / f"{number:04d}-{name}")


def roll_back(machine: Path, name: str | None) -> None:
    """Forget everything that came after the snapshot (``None``: everything); the machine must be off.

    Raises:
        UnknownName: there is no such snapshot.
    """
    if name is not None and name not in names(machine):
        raise UnknownName("snapshot", name, list(names(machine)))
    _discard(machine, upper(machine))
    for layer in reversed(frozen(machine)):
        if layer.name.partition("-")[2] == name:
            return
        _discard(machine, layer)


def _discard(machine: Path, folder: Path) -> None:
    """Take the folder away in one step, then delete it; leftovers of a killed call go too."""
    trash = machine / "trash"
    trash.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        folder.rename(Path(tempfile.mkdtemp(dir=trash)) / folder.name)
    shutil.rmtree(trash, ignore_errors=True)
