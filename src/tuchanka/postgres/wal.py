"""Write-ahead log as files and records: which are there, what they reach, which checkpoints they hold. Pure.

Source: PostgreSQL, ``xlog_internal.h`` (file names), pg_waldump(1), and ``pg_rewind.c`` (what it needs of the log).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tuchanka.postgres.controldata import lsn

SEGMENT_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the log: its timeline and its number, which is its first position in segments."""

    timeline: int
    number: int


def parse_segment(name: str, segment_bytes: int = SEGMENT_BYTES) -> Segment | None:
    """Read a file name such as ``000000020000000000000003``; ``None`` for any other file."""
    if not re.fullmatch(r"[0-9A-F]{24}", name):
        return None
    per_high = (1 << 32) // segment_bytes
    return Segment(int(name[:8], 16), int(name[8:16], 16) * per_high + int(name[16:], 16))


def segment_name(segment: Segment, segment_bytes: int = SEGMENT_BYTES) -> str:
    """Return the file name of a segment."""
    high, low = divmod(segment.number, (1 << 32) // segment_bytes)
    return f"{segment.timeline:08X}{high:08X}{low:08X}"


def segments(names: Iterable[str], segment_bytes: int = SEGMENT_BYTES) -> tuple[Segment, ...]:
    """Return the segments among the names in a folder."""
    found = (parse_segment(name, segment_bytes) for name in names)
    return tuple(segment for segment in found if segment is not None)


def newest_run(found: Iterable[Segment], timeline: int, position: int, segment_bytes: int) -> Segment | None:
    """Return where the unbroken run of a timeline's segments begins that holds ``position`` (in bytes).

    Files behind the position may be there already, under names that are to be used next; they don't matter.
    """
    numbers = {segment.number for segment in found if segment.timeline == timeline}
    first = position // segment_bytes
    if first not in numbers:
        return None
    while first - 1 in numbers:
        first -= 1
    return Segment(timeline, first)


def holds(found: Iterable[Segment], lineage: set[int], begin: int, end: int, segment_bytes: int) -> bool:
    """Whether every segment from position ``begin`` to ``end`` (in bytes) is there, on timelines of the lineage."""
    numbers = {segment.number for segment in found if segment.timeline in lineage}
    return all(number in numbers for number in range(begin // segment_bytes, end // segment_bytes + 1))


@dataclass(frozen=True, slots=True)
class Log:
    """What pg_waldump found: the start of the last readable record (``""``: not known) and the checkpoints.

    ``checkpoints`` are pairs of positions: of the checkpoint's record, and from where its recovery begins.
    """

    last: str = ""
    checkpoints: tuple[tuple[str, str], ...] = ()


NO_LOG = Log()


def parse_waldump(text: str) -> Log:
    """Read the checkpoint records and the last line of pg_waldump's output and errors.

    It names the last good record when it comes to the end of the log, as an error. That record's start is all that
    is needed: records begin where others end, so it is either before a parting of timelines or behind it.
    """
    end = re.search(r"error in WAL record at ([0-9A-F]+/[0-9A-F]+)", text)
    found = re.findall(r"lsn: ([0-9A-F]+/[0-9A-F]+).*CHECKPOINT_(?:ONLINE|SHUTDOWN) redo ([0-9A-F]+/[0-9A-F]+)", text)
    return Log(end[1] if end else "", tuple((record, redo) for record, redo in found))


def common_redo(log: Log, diverged: int, oldest: int) -> str | None:
    """Return from where pg_rewind reads the log: the last checkpoint before the timelines diverged.

    ``None`` if the log that is left, which begins at ``oldest``, has none. Positions are in bytes.
    """
    before = [redo for record, redo in log.checkpoints if lsn(record) < diverged and lsn(redo) >= oldest]
    return before[-1] if before else None
