"""Snapshots as overlayfs layers: a snapshot freezes the upper folder as one more lower layer.

The disk of a machine is ``base : layers/0001-… : … : upper``. Each change of state is one ``rename``, so that an
interrupted verb leaves either the state before or the state after it.
"""

import contextlib
import shutil
import tempfile
from pathlib import Path

from tuchanka.errors import UnknownName
from tuchanka.machines.nspawn.paths import MachinePaths


def frozen(paths: MachinePaths) -> list[Path]:
    """Return the frozen layers, the oldest first."""
    return sorted(paths.layers.iterdir()) if paths.layers.is_dir() else []


def names(paths: MachinePaths) -> tuple[str, ...]:
    """Return the snapshots' names, the oldest first."""
    return tuple(layer.name.partition("-")[2] for layer in frozen(paths))


def prepare(paths: MachinePaths) -> None:
    """Make the folders that a mount needs; ``work`` is made anew, as overlayfs wants it empty."""
    for folder in (paths.layers, paths.upper, paths.root):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(paths.work, ignore_errors=True)
    paths.work.mkdir()


def mount_options(paths: MachinePaths, base: Path) -> str:
    """Return the options of the overlay mount of the machine's root."""
    lower = ":".join(str(layer) for layer in (*reversed(frozen(paths)), base))
    return f"lowerdir={lower},upperdir={paths.upper},workdir={paths.work}"


def freeze(paths: MachinePaths, name: str) -> None:
    """Keep the disk as it is now under ``name``; the machine must be off."""
    layers = frozen(paths)
    number = int(layers[-1].name.partition("-")[0]) + 1 if layers else 1
    prepare(paths)
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
