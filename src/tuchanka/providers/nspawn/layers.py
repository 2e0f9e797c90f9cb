"""Snapshots as overlayfs layers: a snapshot freezes what is written to as one more layer below it.

A layer is a folder with a file for each of the machine's disks (see ``disks``). Each change of state is one
``rename`` of such a folder, so that an interrupted verb leaves either the state before or the state after it, and
that of all disks together.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tuchanka.errors import UnknownName
from tuchanka.providers.nspawn import disks
from tuchanka.providers.nspawn.disks import Disk
from tuchanka.providers.nspawn.paths import MachinePaths


def frozen(paths: MachinePaths) -> list[Path]:
    """Return the frozen layers, the oldest first."""
    return sorted(paths.layers.iterdir()) if paths.layers.is_dir() else []


def names(paths: MachinePaths) -> tuple[str, ...]:
    """Return the snapshots' names, the oldest first."""
    return tuple(layer.name.partition("-")[2] for layer in frozen(paths))


def prepare(paths: MachinePaths, disks_: Iterable[Disk]) -> None:
    """Make the layer that is written to, if there is none."""
    paths.layers.mkdir(parents=True, exist_ok=True)
    if paths.upper.exists():
        return
    new = paths.disk / "upper.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for disk in disks_:
        disks.make(disk, new)
    new.rename(paths.upper)


def files(paths: MachinePaths, disks_: Iterable[Disk]) -> dict[str, list[str]]:
    """Return what ``disks.mount`` needs: for each disk its folder of the image, then its files, the oldest first."""
    layers = (*frozen(paths), paths.upper)
    return {disk.name: [str(disk.base), *(str(layer / disk.file) for layer in layers)] for disk in disks_}


def freeze(paths: MachinePaths, name: str, disks_: Iterable[Disk]) -> None:
    """Keep the disks as they are now under ``name``; the machine must be off."""
    layers = frozen(paths)
    number = int(layers[-1].name.partition("-")[0]) + 1 if layers else 1
    prepare(paths, disks_)
    paths.upper.rename(paths.layers / f"{number:04d}-{name}")


def roll_back(paths: MachinePaths, name: str | None) -> None:
    """Forget everything that came after the snapshot (``None``: everything); the machine must be off.

    Raises:
        UnknownName: there is no such snapshot.
    """
    if name is not None and name not in names(paths):
        raise UnknownName("snapshot", name, list(names(paths)))
    _discard(paths, paths.upper)
    for layer in reversed(frozen(paths)):
        if layer.name.partition("-")[2] == name:
            return
        _discard(paths, layer)


def _discard(paths: MachinePaths, folder: Path) -> None:
    """Take the folder away in one step, then delete it at leisure; leftovers of a killed call go too."""
    trash = paths.disk / "trash"
    trash.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        folder.rename(Path(tempfile.mkdtemp(dir=trash)) / folder.name)
    shutil.rmtree(trash, ignore_errors=True)
