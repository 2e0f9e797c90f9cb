"""Asks an archive what it has, from a node that may use it; a store that hangs costs a few seconds and no more."""

from collections.abc import Collection, Sequence

from tuchanka.archive import pgbackrest
from tuchanka.archive.pgbackrest import Info, Unavailable
from tuchanka.archive.seen import ArchiveSeen
from tuchanka.errors import CommandFailed, DeadlineExceeded, MachineError
from tuchanka.postgres.wal import Segment, parse_segment, segment_name
from tuchanka.providers.base import Runner

ASK_S = 15.0
MOST_FOLDERS = 64
"""Of 256 files each, so 256 GiB of log: more isn't looked for."""


async def info(machine: Runner, instance: str) -> Info:
    """Return what the archive has of the instance.

    Raises:
        Unavailable: it can't be asked; why.
    """
    answer = await _ask(machine, pgbackrest.info_command(instance))
    try:
        return pgbackrest.parse_info(answer)
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"pgbackrest info says what isn't known here ({error!r})") from error


async def log_files(
    machine: Runner, instance: str, archive_id: str, timelines: Collection[int], first: int, last: int, *, size: int
) -> frozenset[Segment]:
    """Return the files of the log that the archive has, of these timelines and about these numbers.

    ``size``: of a file, in bytes.

    Raises:
        Unavailable: it can't be asked; why.
    """
    names = [segment_name(Segment(timeline, at), size) for timeline in timelines for at in range(first, last + 1)]
    found: frozenset[Segment] = frozenset()
    for folder in pgbackrest.folders(names)[:MOST_FOLDERS]:
        answer = await _ask(machine, pgbackrest.list_command(instance, archive_id, folder))
        found |= pgbackrest.parse_list(answer, size)
    return found


async def _ask(machine: Runner, command: Sequence[str]) -> str:
    """Return what pgBackRest answers.

    Raises:
        Unavailable: it doesn't; why.
    """
    try:
        return (await machine.run(command, user="postgres", timeout=ASK_S)).stdout
    except DeadlineExceeded as error:
        raise Unavailable(f"the store had not answered after {ASK_S:g} s") from error
    except CommandFailed as error:
        raise Unavailable(pgbackrest.reason(error.output)) from error
    except MachineError as error:
        raise Unavailable(error.what) from error


async def look_at_archive(
    machine: Runner, instance: str, timelines: Collection[int], reached: int | None, last: int, *, size: int
) -> ArchiveSeen:
    """Return what the archive has for a copy of which the log is there up to the file number ``reached``.

    ``last``: the number of the file that the primary writes to; ``size``: of a file, in bytes.
    """
    try:
        found = await info(machine, instance)
        begins = parse_segment(found.last.first, size) if found.last else None
        numbers = [number for number in (reached, begins.number if begins else None) if number is not None]
        if not found.archive_id or not numbers:
            return ArchiveSeen()
        files = await log_files(machine, instance, found.archive_id, timelines, min(numbers), last, size=size)
    except Unavailable as error:
        return ArchiveSeen(problem=str(error))
    if found.last is None or begins is None:
        return ArchiveSeen(files)
    return ArchiveSeen(files, found.last.label, begins)
