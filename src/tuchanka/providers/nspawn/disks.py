"""The disks of a machine: file systems of a fixed size in sparse files, so that a full one is full for it alone.

A machine has two, one for its root and one for PostgreSQL's data, and each is an overlay: a folder of the image, the
frozen layers, and the layer that is written to. A layer is one file with an ext4 file system; ``layers`` says which
there are. They are mounted by the machine's supervisor, in its own mount namespace: when that is gone, the kernel
takes the mounts and the loop devices away.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tuchanka.errors import DeadlineExceeded, HostError
from tuchanka.providers.nspawn import linux
from tuchanka.topology.types import Limits
from tuchanka.waiting import wait_until

DATA = "/var/lib/postgresql"
JOURNAL_MIB = 16  # by default it would be 64, all of which a busy machine comes to use
MKFS_S = 60.0
MOUNT_S = 30.0
RELEASE_S = 30.0
PATIENCE_S = 3.0  # then something has to be done about the release
PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
LOOPS = Path("/sys/block")


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk: its name, its size in bytes, and the folder of the image that is below its layers."""

    name: str
    size: int
    base: Path

    @property
    def file(self) -> str:
        """What the disk's file is called in each layer."""
        return f"{self.name}.img"


def disks(base: Path, limits: Limits) -> tuple[Disk, Disk]:
    """Return the two disks of every machine; ``base`` is the image's root."""
    return (
        Disk("root", limits.root_disk_bytes, base),
        Disk("data", limits.data_disk_bytes, base / DATA.lstrip("/")),
    )


def make(disk: Disk, folder: Path) -> None:
    """Make the disk's file, empty, in the folder. It takes no room before something is written.

    Raises:
        HostError: mkfs.ext4 failed.
    """
    born_with = folder / disk.name
    for name in ("upper", "work"):
        (born_with / name).mkdir(parents=True)
    # The root of an overlay has the owner and mode of its highest layer's.
    shutil.copymode(disk.base, born_with / "upper")
    found = disk.base.stat()
    os.chown(born_with / "upper", found.st_uid, found.st_gid)
    file = folder / disk.file
    with file.open("wb") as sparse:
        sparse.truncate(disk.size)
    # No blocks are kept for root alone, so that df tells everybody the truth.
    options = ["-q", "-m", "0", "-J", f"size={JOURNAL_MIB}", "-E", "assume_storage_prezeroed=1", "-d", str(born_with)]
    _run(["mkfs.ext4", *options, str(file)], MKFS_S)
    shutil.rmtree(born_with)


def make_layer(disks: Iterable[Disk], folder: Path) -> None:
    """Make the empty files of all disks in a new layer's folder."""
    for disk in disks:
        make(disk, folder)


def chains(disks: Iterable[Disk], layers: Sequence[Path]) -> dict[str, list[str]]:
    """Return what ``mount`` needs: for each disk its folder of the image, then its files, the oldest first."""
    return {disk.name: [str(disk.base), *(str(layer / disk.file) for layer in layers)] for disk in disks}


def mount(disks: Mapping[str, Sequence[str]], mounts: Path) -> None:
    """Mount every disk at ``MOUNTS/NAME``; to be called in a mount namespace of the caller's own.

    ``disks`` has for each disk its lowest folder, then its files from the oldest layer to the one to write to.

    Raises:
        HostError: a file can't be mounted.
    """
    mounts.mkdir(exist_ok=True)
    linux.mount_tmpfs(mounts)
    for name, (base, *files) in disks.items():
        layers = [mounts / f"{name}.{number}" for number in range(len(files))]
        for file, layer in zip(files, layers, strict=True):
            layer.mkdir()
            # What the machine deletes is given back to the host.
            how = "loop,discard" if file == files[-1] else "loop,ro"
            _run(["mount", "-t", "ext4", "-o", how, file, str(layer)], MOUNT_S)
        *frozen, written = layers
        lower = ":".join((*(f"{layer}/upper" for layer in reversed(frozen)), base))
        (mounts / name).mkdir()
        linux.mount_overlay(mounts / name, f"lowerdir={lower},upperdir={written}/upper,workdir={written}/work")


def written(mounts: Path, name: str, files: Sequence[str]) -> Path:
    """Return where the layer of a disk that is written to is mounted; ``files`` is what ``mount`` got for it."""
    return mounts / f"{name}.{len(files) - 2}"


def _run(argv: list[str], timeout: float) -> None:
    environment = {**os.environ, "PATH": PATH, "LC_ALL": "C"}
    try:
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HostError(f"{argv[0]} failed: {error}", hint="see 'tuchanka doctor'") from error
    if done.returncode != 0:
        raise HostError(f"{argv[0]} failed: {done.stderr.strip()}", where=argv[-1], hint="see 'tuchanka doctor'")


def in_use(folder: Path, loops: Path = LOOPS) -> list[str]:
    """Return the loop devices that still hold a file below the folder, by that file's name when they got it."""
    found = []
    for backing in loops.glob("loop*/loop/backing_file"):
        with contextlib.suppress(OSError):  # the device has just let go of it
            if backing.read_text().startswith(f"{folder}/"):
                found.append(backing.parent.parent.name)
    return found


async def released(folder: Path) -> None:
    """Wait until the kernel has let go of every file below the folder (30 s).

    It unmounts what a dead supervisor had mounted, and writes it back, only after that one's end. A file system that
    was frozen by then it keeps until the host is restarted: such a one is mounted once more, and thawed.

    Raises:
        DeadlineExceeded: something still holds one.
    """

    async def free() -> bool:
        return not in_use(folder)

    with contextlib.suppress(DeadlineExceeded):
        await wait_until(free, deadline_s=PATIENCE_S, interval_s=0.02, what="the release of the disks")
        return
    thaw_abandoned(folder)
    await wait_until(
        free,
        deadline_s=RELEASE_S,
        interval_s=0.02,
        what=f"the release of the disks in {folder}",
        hint="see 'losetup'",
    )


def thaw_abandoned(folder: Path) -> None:
    """Thaw the file systems in files below the folder that a dead supervisor has left frozen."""
    script = 'mount -t ext4 "$1" "$2" && fsfreeze --unfreeze "$2"; umount "$2"'
    for device in in_use(folder):
        with tempfile.TemporaryDirectory(prefix="tuchanka-thaw.") as place:
            command = ["unshare", "--mount", "sh", "-c", script, "thaw", f"/dev/{device}", place]
            with contextlib.suppress(HostError):  # released meanwhile, or not frozen: who waits for it says the rest
                _run(command, MOUNT_S)
