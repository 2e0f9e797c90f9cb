"""Fills a data directory from an archive, outside the cluster, and makes it one that a cluster can be started with.

The server is started by hand for as long as it replays; it takes no connections meanwhile, and gives nothing to the
archive. It ends as a stopped standby, never as a second primary. All of it can be repeated.
"""

import time

from tuchanka.archive.look import info
from tuchanka.archive.restore import mark, restore, strip, unmark
from tuchanka.archive.target import Target
from tuchanka.errors import LabError
from tuchanka.instance_paths import InstancePaths
from tuchanka.lab.progress import Note
from tuchanka.postgres import pg_ctl
from tuchanka.postgres.base_backup import BACKUP_S
from tuchanka.postgres.controldata import lsn
from tuchanka.postgres.psql import psql
from tuchanka.postgres.wal import SEGMENT_BYTES, parse_segment
from tuchanka.providers.base import Runner
from tuchanka.waiting import wait_until

ENDED_S = 2.0
"""When a server has replayed all whole files and then nothing for so long, it has the rest of the last one, too."""
STUCK_S = 120.0
AWAY = "-c archive_mode=off -c primary_conninfo= -c synchronous_standby_names="


async def refill(machine: Runner, paths: InstancePaths, port: int, target: Target, note: Note) -> None:
    """Make the stopped instance's data that of the archive up to the target; what is there already is used.

    Raises:
        LabError: the log ends before the target.
        CommandFailed, DeadlineExceeded: it came to nothing; it can be repeated.
    """
    await mark(machine, paths)
    await pg_ctl.stop(machine, paths, timeout=BACKUP_S, check=False)  # one that an interrupted run left
    note("copying the backup")
    await restore(machine, paths, target.options if target.kind != "latest" else ["--type=standby"])
    note("replaying the log")
    if target.kind == "latest":
        await _replay_all(machine, paths, port, note)
    else:
        await _replay_to(machine, paths, port, target)
    await pg_ctl.stop(machine, paths, timeout=BACKUP_S)
    await strip(machine, paths)
    await machine.run(["touch", f"{paths.data}/standby.signal"], user="postgres")
    await unmark(machine, paths)


async def _replay_to(machine: Runner, paths: InstancePaths, port: int, target: Target) -> None:
    """Start the server and wait until it has replayed up to the target and takes writes."""
    await pg_ctl.start(machine, paths, settings=f"{AWAY} -c hot_standby=off", timeout=BACKUP_S)
    await wait_at_target(machine, paths, port, target)


async def wait_at_target(machine: Runner, paths: InstancePaths, port: int, target: Target) -> None:
    """Wait until a server without ``hot_standby`` takes connections: at the end of its recovery.

    Raises:
        LabError: it has ended before; the log does not reach the target.
    """
    status = [f"{paths.programs}/pg_ctl", "status", "-D", paths.data]

    async def there() -> bool:
        answer = await psql(machine, port, "select pg_is_in_recovery()", check=False)
        if answer.stdout.strip() == "f":
            return True
        if (await machine.run(status, user="postgres", check=False)).status != 0:
            raise LabError(
                f"{paths.instance}: the recovery did not come to {target}: {await last_words(machine, paths)}",
                where=machine.name,
                hint="'tuchanka archive status' shows up to where the archive has log",
            )
        return False

    await wait_until(there, deadline_s=BACKUP_S, interval_s=0.2, what=f"the end of {paths.instance}'s recovery")


async def _replay_all(machine: Runner, paths: InstancePaths, port: int, note: Note) -> None:
    """Start the server as a standby, and wait until it has replayed everything that the archive has.

    Raises:
        LabError: it gets no further although the archive has more.
    """
    newest = parse_segment((await info(machine, paths.instance)).newest)
    least = newest.number * SEGMENT_BYTES if newest else 0
    await pg_ctl.start(machine, paths, settings=AWAY, timeout=BACKUP_S)
    last, since = "0/0", time.monotonic()

    async def ended() -> bool:
        nonlocal last, since
        at = (await psql(machine, port, "select pg_last_wal_replay_lsn()")).stdout.strip()
        if at != last:
            last, since = at, time.monotonic()
            note(f"replayed up to {last}")
        quiet = time.monotonic() - since
        if quiet > STUCK_S:
            raise LabError(
                f"{paths.instance}: the recovery gets no further than {last}, and the archive has more",
                where=machine.name,
                hint=f"'journalctl -t postgres-{paths.instance}' there says why",
            )
        return quiet >= ENDED_S and lsn(last) >= least

    await wait_until(ended, deadline_s=BACKUP_S, interval_s=0.3, what=f"the end of {paths.instance}'s log")


async def last_words(machine: Runner, paths: InstancePaths) -> str:
    """Return what the server said last that was fatal."""
    lines = f"journalctl -t postgres-{paths.instance} -n 200 -o cat"
    command = f"{lines} | grep -o 'FATAL: .*' | grep -v 'starting up' | tail -n 1"
    done = await machine.run(["sh", "-c", command], check=False)
    return done.stdout.strip().removeprefix("FATAL:").strip() or "it doesn't say why"
