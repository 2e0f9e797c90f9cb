"""The base image: built once by mmdebstrap, cached under the name of its recipe, checked each time it is used."""

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tuchanka.errors import HostError, ImageError
from tuchanka.providers.image.recipe import Recipe, mmdebstrap_command
from tuchanka.waiting import wait_until

CACHE = Path(os.environ.get("TUCHANKA_IMAGES", "/var/cache/tuchanka/images"))
BUILD_S = 1800.0
ROOM_BYTES = 3 << 30


def root_of(recipe: Recipe, cache: Path = CACHE) -> Path:
    """Return where the image's root file system is, or will be."""
    return cache / recipe.name / "root"


def fingerprint(root: Path) -> str:
    """Return a hash over the path, type, mode and size of everything in the image (not of the contents)."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted((*folders, *files)):
            path = Path(folder) / name
            found = path.lstat()
            size = found.st_size if stat.S_ISREG(found.st_mode) else 0
            digest.update(f"{path.relative_to(root)}\0{found.st_mode}\0{size}\n".encode())
    return digest.hexdigest()


async def ensure(recipe: Recipe, note: Callable[[str], None], cache: Path = CACHE) -> Path:
    """Return the root of the image, building it if it isn't there.

    ``note`` is told what is going on. Another process that builds the same image is waited for.

    Raises:
        HostError: no room for the image.
        ImageError: the build failed, or the cached image isn't as it was built.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with await _lock(cache / f"{recipe.name}.lock"):
        folder = cache / recipe.name
        if not (folder / "manifest.json").exists():
            await _build(recipe, folder, note)
        note("checking the cached image")
        await asyncio.to_thread(check, folder)
    return folder / "root"


def check(folder: Path) -> None:
    """Compare the image with what was written down when it was built.

    Raises:
        ImageError: something is missing, added or of another size.
    """
    hint = f"remove it with 'rm -r {folder}' and run the command again"
    try:
        written = json.loads((folder / "manifest.json").read_text())["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImageError("the cached image has no readable manifest", where=str(folder), hint=hint) from error
    if written != fingerprint(folder / "root"):
        raise ImageError("the cached image is broken: its files have changed", where=str(folder), hint=hint)


async def _build(recipe: Recipe, folder: Path, note: Callable[[str], None]) -> None:
    """Build beside the final place and move the whole there as the last step."""
    half = folder.with_name(f"{folder.name}.building")
    for leftover in (half, folder):
        shutil.rmtree(leftover, ignore_errors=True)
    free = shutil.disk_usage(folder.parent).free
    if free < ROOM_BYTES:
        raise HostError(
            f"the image needs {ROOM_BYTES >> 30} GiB, there is {free / (1 << 30):.1f} GiB",
            where=str(folder.parent),
            hint="make room, or mount a larger file system there",
        )
    half.mkdir()
    log = folder.with_name(f"{folder.name}.log")
    # Mounts and processes of their own: if this process is killed, nothing of the build stays behind.
    isolate = ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--propagation=slave", "--"]
    process = await asyncio.create_subprocess_exec(
        *("setpriv", "--pdeathsig", "KILL", "--", *isolate, *mmdebstrap_command(recipe, str(half / "root"))),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    try:
        async with asyncio.timeout(BUILD_S):
            last = await _follow(process, log, note)
            status = await process.wait()
    except TimeoutError as error:
        raise ImageError(f"the build had not ended after {BUILD_S:g} s", where=str(log)) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status != 0:
        raise ImageError(
            f"mmdebstrap ended with status {status}: {last}",
            where=str(log),
            hint="can the host reach a Debian mirror?",
        )
    manifest = {"recipe": recipe.name, "packages": recipe.packages, "fingerprint": fingerprint(half / "root")}
    (half / "manifest.json").write_text(json.dumps(manifest, indent=1))
    half.rename(folder)


async def _follow(process: asyncio.subprocess.Process, log: Path, note: Callable[[str], None]) -> str:
    """Copy the build's output to the log, pass on its headings, and return the last error (or line)."""
    last = ""
    with log.open("w") as file:
        assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
        async for raw in process.stdout:
            line = raw.decode(errors="replace").strip()
            file.write(line + "\n")
            if line.startswith("I: "):
                note(line[3:])
            if line.startswith("E:") or not last.startswith("E:"):
                last = line
    return last


async def _lock(file: Path) -> IO[str]:
    """Open the lock file and wait for its lock; closing it, or dying, gives the lock back."""
    handle = file.open("w")

    async def locked() -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    await wait_until(locked, deadline_s=BUILD_S, what="the end of another process's build of the image")
    return handle
