"""Which files of the log an archive lacks. Pure."""

from collections.abc import Collection, Mapping

from tuchanka.postgres.controldata import lsn
from tuchanka.postgres.wal import Segment


def expected(begin: Segment, current: Segment, history: Mapping[int, str], segment_bytes: int) -> tuple[Segment, ...]:
    """Return every file of the log from ``begin`` up to the one that is written now, which isn't among them.

    ``history`` maps each earlier timeline of the primary to the position where it was left. The file in which a
    timeline was left belongs to the next one: of the old one the archive has it as ``.partial``.
    """
    left = sorted((timeline, lsn(position) // segment_bytes) for timeline, position in history.items())
    return tuple(
        Segment(next((timeline for timeline, number in left if at < number), current.timeline), at)
        for at in range(begin.number, current.number)
    )


def missing(
    wanted: Collection[Segment], archived: Collection[Segment], waiting: Collection[Segment]
) -> tuple[Segment, ...]:
    """Return what the archive lacks, in order; what waits to be archived isn't missing."""
    there = {*archived, *waiting}
    return tuple(one for one in wanted if one not in there)


def whole_until(wanted: Collection[Segment], archived: Collection[Segment]) -> Segment | None:
    """Return the last file up to which nothing is missing."""
    last = None
    for one in wanted:
        if one not in archived:
            break
        last = one
    return last
