"""Backups on request, and the check of what the store has: pgBackRest on the primary's node."""

import re

from tuchanka.archive import pgbackrest
from tuchanka.archive.look import info
from tuchanka.archive.pgbackrest import Backup, Kind, Unavailable
from tuchanka.errors import CommandFailed, LabError
from tuchanka.postgres.psql import psql
from tuchanka.providers.base import Runner
from tuchanka.waiting import wait_until

BACKUP_S = 24 * 3600.0
PUSH_S = 60.0
LOCKED = "unable to acquire lock"
SWITCH = "select pg_walfile_name(pg_switch_wal())"
PUSHED = "select coalesce(right(last_archived_wal, 16) >= right('{file}', 16), false) from pg_stat_archiver"


async def make_backup(machine: Runner, node: str, instance: str, kind: Kind) -> Backup:
    """Make a backup and return it; one that the keeper is making is waited for first.

    Raises:
        LabError: it failed; why.
    """

    async def made() -> bool:
        try:
            await machine.run(pgbackrest.backup_command(instance, kind), user="postgres", timeout=BACKUP_S)
        except CommandFailed as error:
            if LOCKED in error.output:
                return False
            raise LabError(
                f"the backup of {instance} failed: {pgbackrest.reason(error.output)}",
                where=node,
                hint="'tuchanka archive status' shows how the archive is",
            ) from error
        return True

    await wait_until(made, deadline_s=BACKUP_S, interval_s=1.0, what="the end of another backup")
    try:
        last = (await info(machine, instance)).last
    except Unavailable as error:
        raise LabError(f"the backup was made, and the store can't be asked: {error}", where=node) from error
    assert last is not None  # noqa: S101 - it was made just now
    return last


async def push_all(machine: Runner, node: str, instance: str, port: int) -> None:
    """Have everything that was written up to now archived.

    Raises:
        LabError: it isn't within a minute.
    """
    file = (await psql(machine, port, SWITCH)).stdout.strip()
    question = PUSHED.format(file=file)

    async def pushed() -> bool:
        return (await psql(machine, port, question)).stdout.strip() == "t"

    await wait_until(
        pushed,
        deadline_s=PUSH_S,
        interval_s=0.2,
        what=f"the log of {instance} on its way from {node} to the archive",
        hint="'tuchanka archive status' shows how the archive is",
    )


async def verify_files(machine: Runner, instance: str) -> tuple[str, ...]:
    """Have every file in the store read and compared with its hash; return a line for each thing that is wrong.

    Raises:
        LabError: it could not be done.
    """
    command = pgbackrest.command(instance, "--output=text", "--verbose", "verify")
    done = await machine.run(command, user="postgres", timeout=BACKUP_S, check=False)
    if not done.stdout.strip():
        raise LabError(
            f"the archive of {instance} can't be verified: {pgbackrest.reason(done.stderr)}",
            hint="'tuchanka archive status' shows how the archive is",
        )
    return damaged(done.stdout)


def damaged(text: str) -> tuple[str, ...]:
    """Return what a report of ``verify`` finds wrong, a line each: counts other than 0 belong to the line before."""
    found, about = [], ""
    for line in map(str.strip, text.splitlines()):
        if re.search(r": [1-9]\d*(,|$)", line) and line.startswith("missing:"):
            found.append(f"{about}: {line}")
        elif line.startswith(("archiveId:", "backup:")):
            about = line.partition(",")[0]
    if not found and not re.search(r"^\s*status: ok$", text, re.MULTILINE):
        found.append(f"pgbackrest verify: {' '.join(text.split())[:200]}")
    return tuple(found)
