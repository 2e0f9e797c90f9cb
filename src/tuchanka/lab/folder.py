"""The state folder of a lab: its marker and its lock."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tuchanka.errors import InputError, LabBusy, LabError
from tuchanka.lab import record
from tuchanka.topology.load import KEPT
from tuchanka.writing import write_atomically

DEFAULT_ROOT = Path("/var/lib/tuchanka")
VERSION = 2
# Of labs that were made before the name was kept.
FIRST_PROVIDER = "nspawn"


@dataclass(frozen=True, slots=True)
class LabFolder:
    """One lab's folder; ``path`` is absolute."""

    path: Path

    @property
    def marker(self) -> Path:
        """The file that makes a folder a lab's: what is kept about the lab as a whole."""
        return self.path / "lab.json"

    @property
    def topology_file(self) -> Path:
        """The topology that the lab was built from."""
        return self.path / KEPT

    @property
    def record_file(self) -> Path:
        """Which stages every machine has behind it; labs that were made before it was kept have none."""
        return self.path / "stages.json"

    @property
    def secrets(self) -> Path:
        """Passwords and keys, readable for root alone."""
        return self.path / "secrets"

    @property
    def ssh(self) -> Path:
        """The lab's SSH key pair, host keys and client configuration."""
        return self.path / "ssh"

    @property
    def exists(self) -> bool:
        """Whether there is a lab."""
        return self.marker.exists()

    @property
    def provider(self) -> str:
        """The name of the provider that has the lab's machines; known without a topology, and of a damaged lab."""
        try:
            return str(json.loads(self.marker.read_text())["provider"])
        except (OSError, ValueError, KeyError, TypeError):
            return FIRST_PROVIDER

    @property
    def beside(self) -> Path | None:
        """The folder where relative paths in the topology begin: that of the file which the lab's copy is of."""
        try:
            kept = json.loads(self.marker.read_text())["beside"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Path(kept) if kept else None

    def found(self, topology_text: str, provider: str, beside: Path | None = None) -> None:
        """Make the folder a lab's, built from this topology by the provider of this name; safe to repeat.

        Relative paths in the topology begin at the folder ``beside``.

        Raises:
            InputError: the folder holds something else.
        """
        if not self.exists:
            self.must_be_a_lab()
            self.path.mkdir(parents=True, exist_ok=True, mode=0o755)
            write_atomically(
                self.marker, json.dumps({"version": VERSION, "founded": time.time(), "provider": provider})
            )
            record.write(self.record_file, {})
        if not self.topology_file.exists():
            kept = {**self.read_marker(), "beside": str(beside.absolute()) if beside else None}
            write_atomically(self.marker, json.dumps(kept))
            write_atomically(self.topology_file, topology_text)

    def must_be_a_lab(self) -> None:
        """Refuse a folder that holds something else; one that isn't there is fine.

        Raises:
            InputError: it holds something else.
        """
        if not self.exists and self.path.exists() and (not self.path.is_dir() or self._holds_something_else()):
            raise InputError(
                "holds no lab", where=str(self.path), hint="give --lab a lab's, a new or an empty folder"
            )

    def _holds_something_else(self) -> bool:
        # A lab whose founding was killed has no marker yet, but may have the first half of one.
        return any(not entry.name.startswith(f".{self.marker.name}.") for entry in self.path.iterdir())

    def remove(self) -> None:
        """Remove the folder; the marker goes last, so that a killed call can be repeated. The lock goes with it."""
        if self.path.exists():
            for entry in self.path.iterdir():
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                elif entry != self.marker:
                    entry.unlink()
            self.marker.unlink(missing_ok=True)
            self.path.rmdir()
        lock = lock_file(self.path)
        lock.unlink(missing_ok=True)
        for folder in (lock.parent, lock.parent.parent):
            with contextlib.suppress(OSError):  # another lab's lock is there
                folder.rmdir()

    def read_marker(self) -> dict[str, Any]:
        """Return what is kept about the lab.

        Raises:
            LabError: there is no lab, or one of another version.
        """
        try:
            kept: dict[str, Any] = json.loads(self.marker.read_text())
            version = kept["version"]
        except FileNotFoundError as error:
            raise LabError("there is no lab", where=str(self.path), hint="make it with 'tuchanka up'") from error
        except (ValueError, KeyError, TypeError) as error:
            raise LabError(
                "the lab's state can't be read", where=str(self.marker), hint="'tuchanka destroy'"
            ) from error
        if version != VERSION:
            raise LabError(
                f"the lab is of version {version}, not {VERSION}", where=str(self.path), hint="'tuchanka destroy'"
            )
        return kept

    @contextmanager
    def locked(self, command: str) -> Iterator[None]:
        """Hold the lab for one command; a killed holder's lock is free at once.

        Raises:
            LabBusy: another command holds it.
        """
        with _open_locked(lock_file(self.path), self.path) as file:
            file.truncate(0)
            file.write(f"'tuchanka {command}' (PID {os.getpid()})")
            file.flush()
            yield


def _open_locked(lock: Path, lab: Path) -> IO[str]:
    """Open and lock the file; again, if its last holder removed it in between."""
    while True:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "another command"
            file.close()
            raise LabBusy(f"{holder} is working on this lab", where=str(lab), hint="wait for it to end") from error
        if lock.exists() and lock.stat().st_ino == os.fstat(file.fileno()).st_ino:
            return file
        file.close()


def lock_file(folder: Path) -> Path:
    """Return the lock of a lab: outside its folder, so that ``destroy`` can hold it to the end."""
    return Path("/run/tuchanka/locks") / hashlib.sha256(str(folder).encode()).hexdigest()[:32]
