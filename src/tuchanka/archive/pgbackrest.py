"""The seam to pgBackRest: its command lines, and what it says of an archive. Pure.

Another tool would have to offer the same: push, fetch, backup, restore, info. Source: pgBackRest 2.55, "Command
Reference"; the fields of ``info --output=json`` are those of its ``src/command/info/info.c``.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tuchanka.postgres.wal import SEGMENT_BYTES, Segment, parse_segment

Kind: TypeAlias = Literal["full", "diff", "incr"]
KINDS: dict[str, Kind] = {"full": "full", "diff": "diff", "incr": "incr"}
NO_STANZA = (1, 3)
"""Codes of info: the stanza's path is missing, or its data."""
OTHER = 99
"""Code of info: the store didn't answer, or not with what is expected."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup; ``begun`` and ``ended`` are seconds since 1970, positions are those of the log.

    ``first`` and ``last`` are the names of the first and last file of the log that it needs. ``failed``: pages with
    wrong checksums were found. Sizes are in bytes: of the database, and of what the backup added to the store.
    """

    label: str
    kind: Kind
    begun: int
    ended: int
    first: str
    last: str
    start: str
    stop: str
    size: int
    stored: int
    failed: bool


@dataclass(frozen=True, slots=True)
class Info:
    """What the archive has of an instance; ``archive_id`` is the folder of its log, like ``17-1``.

    ``exists``: there is a stanza. ``running``: a backup is being made now, on the node that was asked.
    """

    exists: bool
    system: str
    archive_id: str
    newest: str
    backups: tuple[Backup, ...]
    running: bool

    @property
    def last(self) -> Backup | None:
        """The newest backup."""
        return self.backups[-1] if self.backups else None

    @property
    def last_full(self) -> Backup | None:
        """The newest full backup."""
        return next((one for one in reversed(self.backups) if one.kind == "full"), None)


NOTHING = Info(exists=False, system="", archive_id="", newest="", backups=(), running=False)


def histories_command(stanza: str, archive_id: str) -> list[str]:
    """Return the command that lists the histories of timelines that the archive has."""
    return [
        *("pgbackrest", "--output=json", "repo-ls", "--filter=^[0-9A-F]{8}\\.history$"),
        f"archive/{stanza}/{archive_id}",
    ]


class Unavailable(Exception):
    """The store can't be asked; the text says why, in one line."""


def command(stanza: str, *words: str) -> list[str]:
    """Return a command line of pgBackRest, which reads its secrets from its own files."""
    return ["pgbackrest", f"--stanza={stanza}", *words]


def info_command(stanza: str) -> list[str]:
    """Return the command that says what the archive has."""
    return command(stanza, "--output=json", "info")


def backup_command(stanza: str, kind: Kind) -> list[str]:
    """Return the command that makes a backup; old ones expire with it."""
    return command(stanza, f"--type={kind}", "backup")


def create_command(stanza: str) -> list[str]:
    """Return the command that begins an archive; where there is one already, it changes nothing."""
    return command(stanza, "stanza-create")


def push_command(stanza: str, path: str) -> list[str]:
    """Return the command that gives a file of the log to the archive; one that it has, is compared."""
    return command(stanza, "archive-push", path)


def list_command(stanza: str, archive_id: str, folder: str) -> list[str]:
    """Return the command that lists the files of the log whose names begin with the 16 digits ``folder``."""
    return ["pgbackrest", "--output=json", "repo-ls", f"archive/{stanza}/{archive_id}/{folder}"]


def parse_info(text: str) -> Info:
    """Read the answer of ``info_command``.

    Raises:
        Unavailable: the store can't be asked.
        ValueError, KeyError, TypeError: it isn't what pgBackRest writes.
    """
    found = json.loads(text)
    if not found:
        return NOTHING
    one = found[0]
    if one["status"]["code"] == OTHER:
        raise Unavailable(reason(one["repo"][0]["status"]["message"]))
    if one["status"]["code"] in NO_STANZA:
        return NOTHING
    # The newest database comes last: an upgrade begins a new one.
    database = one["db"][-1] if one["db"] else {}
    archives = [entry for entry in one["archive"] if entry["database"]["id"] == database.get("id")]
    return Info(
        exists=bool(database),
        system=str(database.get("system-id", "")),
        archive_id=archives[-1]["id"] if archives else "",
        newest=(archives[-1]["max"] or "") if archives else "",
        backups=tuple(_backup(entry) for entry in one["backup"]),
        running=bool(one["status"].get("lock", {}).get("backup", {}).get("held", False)),
    )


def _backup(entry: dict[str, Any]) -> Backup:
    return Backup(
        label=entry["label"],
        kind=KINDS[entry["type"]],
        begun=int(entry["timestamp"]["start"]),
        ended=int(entry["timestamp"]["stop"]),
        first=entry["archive"]["start"],
        last=entry["archive"]["stop"],
        start=entry.get("lsn", {}).get("start") or "",
        stop=entry.get("lsn", {}).get("stop") or "",
        size=int(entry["info"]["size"]),
        stored=int(entry["info"]["repository"]["delta"]),
        failed=bool(entry.get("error")),
    )


def reason(text: str) -> str:
    """Return the line of an error that says what went wrong, without its class and number."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = next((line for line in lines if "ERROR:" in line), lines[0] if lines else "it says nothing")
    return re.sub(r"^(.*?ERROR: *)?(\[\d+\]: *)?(\[\w+\] *)?", "", first)


def parse_list(text: str, segment_bytes: int = SEGMENT_BYTES) -> frozenset[Segment]:
    """Read the answer of ``list_command``: files are named ``SEGMENT-HASH.COMPRESSION``."""
    found = (parse_segment(name.partition("-")[0], segment_bytes) for name in json.loads(text))
    return frozenset(segment for segment in found if segment is not None)


def parse_names(text: str) -> frozenset[str]:
    """Read the names in the answer of a command that lists."""
    return frozenset(json.loads(text))


def folders(segments: Iterable[str]) -> tuple[str, ...]:
    """Return the folders of an archive in which files of these names lie, in order."""
    return tuple(sorted({name[:16] for name in segments}))
