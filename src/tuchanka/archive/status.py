"""What an archive has of an instance, and whether it is whole: asked of the node where the primary is."""

import json
from dataclasses import dataclass

from tuchanka.archive import gaps
from tuchanka.archive.look import info, log_files
from tuchanka.archive.pgbackrest import NOTHING, Backup, Info, Unavailable
from tuchanka.postgres.controldata import parse_history
from tuchanka.postgres.psql import psql
from tuchanka.postgres.wal import Segment, parse_segment, segment_name
from tuchanka.providers.base import Runner

SQL = """
select json_build_object(
 'current', file,
 'segment', (select setting::bigint from pg_settings where name = 'wal_segment_size'),
 'history', coalesce(pg_read_file('pg_wal/' || left(file, 8) || '.history', true), ''),
 'archived', coalesce(left(last_archived_wal, 24), ''),
 'age', extract(epoch from clock_timestamp() - last_archived_time),
 'failing', coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false),
 'waiting', (select coalesce(json_agg(left(name, 24)), '[]') from pg_ls_archive_statusdir()
             where name ~ '^[0-9A-F]{24}\\.ready$'))
from pg_stat_archiver, pg_walfile_name(pg_current_wal_insert_lsn()) as file
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """Files of the log that the archive lacks, from first to last; ``known``: a later backup makes up for it."""

    first: str
    last: str
    files: int
    known: bool


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """The archive of one instance.

    ``archived``: the last file of the log that it got, ``age_s`` ago. ``waiting``: how many wait, of
    ``waiting_bytes`` together. ``failing``: the last push has failed. ``problem``: why the store could not be asked.
    """

    instance: str
    node: str
    archived: str
    age_s: float | None
    waiting: int
    waiting_bytes: int
    failing: bool
    backups: tuple[Backup, ...]
    gaps: tuple[Gap, ...]
    problem: str = ""

    @property
    def findings(self) -> tuple[str, ...]:
        """What keeps the archive from giving everything back, a line each; empty if nothing does."""
        open_gaps = [gap for gap in self.gaps if not gap.known]
        return (
            *([f"the store can't be asked: {self.problem}"] if self.problem else ()),
            *(["there is no backup yet"] if not self.backups and not self.problem else ()),
            *(f"the log from {gap.first} on is missing, and no backup has been made since" for gap in open_gaps),
            *(["the last push has failed"] if self.failing else ()),
            *(f"the backup {one.label} has pages with wrong checksums" for one in self.backups if one.failed),
        )


async def status(machine: Runner, node: str, instance: str, port: int, *, whole: bool = False) -> ArchiveStatus:
    """Ask the primary and the store. ``whole``: look for gaps since the first backup, not only since the last one.

    Raises:
        CommandFailed, DeadlineExceeded: the primary doesn't answer.
    """
    server = json.loads((await psql(machine, port, SQL)).stdout)
    size = int(server["segment"])
    found, problem = NOTHING, ""
    missing: tuple[Gap, ...] = ()
    try:
        found = await info(machine, instance)
        missing = await _gaps(machine, instance, found, server, whole=whole)
    except Unavailable as error:
        problem = str(error)
    return ArchiveStatus(
        instance=instance,
        node=node,
        archived=server["archived"],
        age_s=None if server["age"] is None else round(float(server["age"]), 1),
        waiting=len(server["waiting"]),
        waiting_bytes=len(server["waiting"]) * size,
        failing=bool(server["failing"]),
        backups=found.backups,
        gaps=missing,
        problem=problem,
    )


async def _gaps(
    machine: Runner, instance: str, found: Info, server: dict[str, object], *, whole: bool
) -> tuple[Gap, ...]:
    size = int(str(server["segment"]))
    current = parse_segment(str(server["current"]), size)
    if not found.backups or current is None:
        return ()
    begin = parse_segment((found.backups[0] if whole else found.backups[-1]).first, size)
    if begin is None:
        return ()
    history = parse_history(str(server["history"]))
    wanted = gaps.expected(begin, current, history, size)
    timelines = {one.timeline for one in wanted}
    archived = await log_files(
        machine, instance, found.archive_id, timelines, begin.number, current.number, size=size
    )
    names = server["waiting"] if isinstance(server["waiting"], list) else []
    waiting = {one for one in (parse_segment(name, size) for name in names) if one}
    last = parse_segment(found.backups[-1].first, size)
    return ranges(gaps.missing(wanted, archived, waiting), last, size)


def ranges(missing: tuple[Segment, ...], last_backup: Segment | None, size: int) -> tuple[Gap, ...]:
    """Return what is missing as ranges; one before the first file that the last backup needs is known."""
    found: list[list[Segment]] = []
    for one in missing:
        if found and one.number == found[-1][-1].number + 1:
            found[-1].append(one)
        else:
            found.append([one])
    return tuple(
        Gap(
            segment_name(part[0], size),
            segment_name(part[-1], size),
            len(part),
            known=last_backup is not None and part[-1].number < last_backup.number,
        )
        for part in found
    )
