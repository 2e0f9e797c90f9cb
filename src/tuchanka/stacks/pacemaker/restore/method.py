"""How a failed copy is made a standby again, and why so: a pure function of what was seen."""

from dataclasses import dataclass
from typing import Literal

from tuchanka.archive.seen import ArchiveSeen
from tuchanka.postgres.controldata import ControlData, lsn
from tuchanka.postgres.wal import NO_LOG, Log, Segment, common_redo, holds, newest_run, segment_name

Method = Literal["restart", "rewind", "delta", "base-backup"]
# Beyond this a local copy of the data, to keep it, costs about what pg_rewind saves.
KEEP_COPY_BYTES = 1 << 30
# What a base backup needs beside the data itself: log that is written while it runs.
RESERVE_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes: of the node's data, free where it lies, and of the primary's data. Zeroes where it isn't known.

    ``estimated``: what the primary's data takes is taken from the node's own copy.
    """

    data: int = 0
    free: int = 0
    primary: int = 0
    estimated: bool = False

    @property
    def for_both(self) -> bool:
        """Whether a base backup fits beside the old data."""
        return self.free >= self.primary + RESERVE_BYTES

    @property
    def for_one(self) -> bool:
        """Whether a base backup fits once the old data is deleted."""
        return self.free + self.data >= self.primary + RESERVE_BYTES

    @property
    def for_copy(self) -> bool:
        """Whether a copy of the old data fits, and is cheap."""
        return self.data <= KEEP_COPY_BYTES and self.free >= self.data + RESERVE_BYTES


NO_ROOM = Room()


@dataclass(frozen=True, slots=True)
class Seen:
    """One instance as a restore finds it: the failed node's copy, and the primary that it would be copied from.

    ``data`` is ``None`` where the node has no readable data directory. ``history`` maps each earlier timeline of the
    primary to the log position where it was left. ``segments`` and ``log`` are the node's own log,
    ``primary_segments`` the primary's: ``None`` where it was asked by a node itself, over the replication protocol,
    which doesn't say, and gives pg_rewind no access either. ``kept``: an unfinished restore has put the old data
    aside. ``half_rewound``: a pg_rewind did not come to its end. ``server_runs``: PostgreSQL runs there, and with
    ``takes_writes`` it is no standby. ``tried``: what has failed already. ``archive``: ``None`` where there is none.
    """

    instance: str
    node: str
    primary: str | None
    streaming: bool
    stack_running: bool
    data: ControlData | None
    primary_timeline: int
    primary_position: str
    history: dict[int, str]
    primary_system: str = ""
    segments: tuple[Segment, ...] = ()
    log: Log = NO_LOG
    primary_segments: tuple[Segment, ...] | None = ()
    room: Room = NO_ROOM
    kept: bool = False
    half_rewound: bool = False
    server_runs: bool = False
    takes_writes: bool = False
    tried: frozenset[Method] = frozenset()
    archive: ArchiveSeen | None = None

    @property
    def reached(self) -> str:
        """How far the node's data goes at least: what it vouches for, or the last record in its log."""
        assert self.data is not None  # noqa: S101 - asked only of data that is there
        return max(self.data.position, self.log.last or "0/0", key=lsn)

    @property
    def diverged(self) -> str | None:
        """Where the primary left the node's timeline, or, if it is still on it, where the primary is."""
        assert self.data is not None  # noqa: S101 - asked only of data that is there
        if self.data.timeline == self.primary_timeline:
            return self.primary_position
        return self.history.get(self.data.timeline)


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """The method and the reason, which completes "…, because"."""

    method: Method
    why: str


def choose(seen: Seen) -> MethodChoice:
    """Choose the cheapest method that can work; the reason says what was looked at."""
    data = seen.data
    if data is None:
        return MethodChoice("base-backup", f"{seen.node} has no readable data")
    if seen.half_rewound:
        return MethodChoice(
            "base-backup", "an earlier restore did not come to its end and left the data half changed"
        )
    diverged = seen.diverged
    if diverged is None or (seen.primary_system and data.system and data.system != seen.primary_system):
        return MethodChoice("base-backup", "its data has nothing in common with the primary's")
    # A position that the data vouches for is the end of a record; that of the log is the start of its last one.
    if lsn(data.position) <= lsn(diverged) and lsn(seen.log.last or "0/0") < lsn(diverged):
        return _behind(seen, data, diverged)
    if data.timeline == seen.primary_timeline:
        return _copy(seen, data, f"its data reaches {seen.reached}, which the primary has not")
    return _diverged(seen, data, diverged)


def _behind(seen: Seen, data: ControlData, diverged: str) -> MethodChoice:
    """Of data that is a part of the primary's own past: it only has to catch up, if the primary still has the log."""
    if "restart" in seen.tried:
        return _copy(seen, data, "it did not stream after a mere restart")
    missing = _missing(seen, data, seen.reached)
    past = f"its timeline {data.timeline} up to {seen.reached} is a part of the primary's history"
    if missing and _missing(seen, data, seen.reached, archive=True):
        return _copy(seen, data, f"{past}, but {_lacks(seen, missing)}")
    left = "" if data.timeline == seen.primary_timeline else f", which left that timeline at {diverged}"
    unsure = ", if the primary still has them" if seen.primary_segments is None else ""
    to_come = max(lsn(seen.primary_position) - lsn(seen.reached), 0)
    of_archive = f", the archive has what the primary no longer has ({missing} and on)" if missing else ""
    return MethodChoice("restart", f"{past}{left}; {size(to_come)} of log have to be caught up{unsure}{of_archive}")


def _diverged(seen: Seen, data: ControlData, diverged: str) -> MethodChoice:
    """Of data that went on by itself after the parting: pg_rewind, if it has what it needs."""
    past = f"its timeline {data.timeline} reaches {seen.reached}, the primary left it at {diverged}"
    if "rewind" in seen.tried:
        return _copy(seen, data, f"{past}, and pg_rewind failed")
    if not data.traceable:
        return _copy(seen, data, f"{past}; pg_rewind needs data checksums or wal_log_hints")
    if seen.primary_segments is None:
        return MethodChoice("base-backup", f"{past}; only 'tuchanka restore' has the access that pg_rewind needs")
    run = newest_run(seen.segments, data.timeline, lsn(diverged), data.segment_bytes)
    redo = common_redo(seen.log, lsn(diverged), run.number * data.segment_bytes) if run else None
    if redo is None:
        return _copy(
            seen, data, f"{past}; its log no longer has a checkpoint before that, where pg_rewind would begin"
        )
    missing = _missing(seen, data, redo)
    if missing and _missing(seen, data, redo, archive=True):
        return _copy(seen, data, f"{past}; {_lacks(seen, missing)}")
    both = "the archive has" if missing else "both have"
    return MethodChoice("rewind", f"{past}; {both} the log since the checkpoint before that ({redo})")


def _copy(seen: Seen, data: ControlData, why: str) -> MethodChoice:
    """Return how data is replaced that can't be kept: from the archive, if that has less to give than the primary."""
    archive = seen.archive
    if archive is None or "delta" in seen.tried:
        return MethodChoice("base-backup", why)
    if archive.problem or not archive.backup:
        return MethodChoice("base-backup", f"{why}; the archive {archive.problem or 'has no backup'}")
    first = archive.begins.number * data.segment_bytes
    log = lsn(seen.primary_position) - first
    if log > seen.room.data:
        return MethodChoice("base-backup", f"{why}; since the archive's last backup {size(log)} of log were written")
    if missing := _missing(seen, data, f"{first >> 32:X}/{first & 0xFFFFFFFF:X}", archive=True):
        return MethodChoice("base-backup", f"{why}; the archive lacks {missing} after its last backup")
    return MethodChoice(
        "delta", f"{why}; the archive has the backup {archive.backup} and the {size(log)} of log written since"
    )


def _lacks(seen: Seen, missing: str) -> str:
    """Say that a file of the primary's log can't be had."""
    if seen.archive is None:
        return f"the primary no longer has {missing} of its log"
    problem = f" ({seen.archive.problem})" if seen.archive.problem else ""
    return f"neither the primary nor the archive{problem} has {missing} of its log"


def _missing(seen: Seen, data: ControlData, begin: str, *, archive: bool = False) -> str:
    """Name the file from which on the primary's log is not whole; empty if it is, or if that isn't known.

    ``archive``: what the archive has counts as well.
    """
    if seen.primary_segments is None:
        return ""
    lineage = {seen.primary_timeline, *seen.history}
    segment_bytes = data.segment_bytes
    there = {*seen.primary_segments, *(seen.archive.segments if archive and seen.archive else ())}
    if holds(there, lineage, lsn(begin), lsn(seen.primary_position), segment_bytes):
        return ""
    return segment_name(Segment(data.timeline, lsn(begin) // segment_bytes), segment_bytes)


def size(number: float) -> str:
    """Return a number of bytes in words: ``512 B``, ``1.2 MiB``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} B" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"
