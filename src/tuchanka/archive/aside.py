"""A second server beside an instance, as it was at an earlier time: to look at, and to copy rows back from.

It has a folder, a configuration and a port of its own, gives nothing to the archive, is no part of the cluster, and
ends with its machine; its files stay until they are discarded.
"""

from dataclasses import dataclass
from typing import Protocol

from tuchanka.archive.refill import wait_at_target
from tuchanka.archive.restore import restore, strip
from tuchanka.archive.target import Target
from tuchanka.errors import LabError
from tuchanka.files import File
from tuchanka.instance_paths import InstancePaths
from tuchanka.lab.progress import Note
from tuchanka.postgres.base_backup import BACKUP_S
from tuchanka.postgres.psql import psql
from tuchanka.providers.base import Copier, Runner

RESERVE_BYTES = 256 << 20
CONF = """\
# {instance} as it was at an earlier time, beside the one that the cluster keeps.
include '{config}/postgresql.conf'
data_directory = '{data}'
hba_file = '{hba}'
external_pid_file = ''
cluster_name = '{name}'
port = {port}
syslog_ident = 'postgres-{name}'
# It takes connections once it is as it was, and not before.
hot_standby = off
archive_mode = off
primary_conninfo = ''
synchronous_standby_names = ''
"""
HBA = """\
local   all   all                 peer
host    all   all   {subnet}   scram-sha-256
"""


class Host(Runner, Copier, Protocol):
    """The machine where it runs."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Which server, and where."""

    instance: str
    postgresql: int
    node: str
    port: int

    @property
    def paths(self) -> InstancePaths:
        """Its own folders."""
        return InstancePaths(self.postgresql, f"{self.instance}.aside")

    @property
    def unit(self) -> str:
        """Its unit of systemd."""
        return f"postgres-{self.instance}-aside"


async def check(machine: Runner, aside: Aside, size: int) -> None:
    """Refuse what can't be: there is one already, the port is taken, or there is no room for ``size`` bytes.

    Raises:
        LabError: which of them.
    """
    data = aside.paths.data
    disk = data.rpartition("/")[0]
    script = f"ls -d {data}; echo @@; ss -Hltn 'sport = :{aside.port}'; echo @@; df -B1 --output=avail {disk}"
    done = await machine.run(["sh", "-c", script], check=False)
    there, taken, free = (part.strip() for part in done.stdout.split("@@"))
    if there:
        raise LabError(
            f"{aside.instance} stands aside there already",
            where=aside.node,
            hint=f"'tuchanka archive discard {aside.instance} {aside.node}' takes it away",
        )
    if taken:
        raise LabError(f"the port {aside.port} is taken", where=aside.node, hint="choose another one")
    available = int(free.split()[-1])
    if available < size + RESERVE_BYTES:
        raise LabError(
            f"the backup takes {size >> 20} MiB, {available >> 20} MiB are free", where=aside.node, hint="make room"
        )


async def make(machine: Host, aside: Aside, target: Target, subnet: str, note: Note) -> tuple[str, str]:
    """Restore the server and start it; return how far it is: a position, and the time of its last commit.

    A run that was killed leaves what ``discard`` takes away.

    Raises:
        LabError: the log ends before the target.
        CommandFailed, DeadlineExceeded: it came to nothing.
    """
    paths, original = aside.paths, InstancePaths(aside.postgresql, aside.instance)
    hba = f"{paths.config}/pg_hba.conf"
    conf = CONF.format(
        instance=aside.instance,
        name=paths.instance,
        config=original.config,
        data=paths.data,
        hba=hba,
        port=aside.port,
    )
    note("copying the backup")
    await restore(machine, original, target.options, to=paths.data)
    await machine.run(["install", "-d", "-o", "postgres", "-g", "postgres", paths.config])
    await machine.put({f"{paths.config}/postgresql.conf": _file(conf), hba: _file(HBA.format(subnet=subnet))})
    note("replaying the log")
    await _start(machine, aside)
    await wait_at_target(machine, paths, aside.port, target)
    await strip(machine, paths)
    sql = "select pg_current_wal_lsn(), coalesce(pg_last_xact_replay_timestamp()::text, '')"
    answer = (await psql(machine, aside.port, sql)).stdout.strip()
    position, _, last = answer.partition("|")
    return position, last


def _file(text: str) -> File:
    return File(text, mode=0o640, owner="postgres", group="postgres")


async def _start(machine: Runner, aside: Aside) -> None:
    """Start it as a unit of its own: it outlives the command, and ends with its machine."""
    paths = aside.paths
    pg_ctl = [f"{paths.programs}/pg_ctl", "start", "-D", paths.config, "-w", "-s", "-l", "/dev/null"]
    command = ["systemd-run", "--quiet", f"--unit={aside.unit}", "--uid=postgres", "--gid=postgres"]
    command += ["--property=Type=forking", f"--property=TimeoutStartSec={BACKUP_S:.0f}", "--collect", "--"]
    await machine.run([*command, *pg_ctl, "-t", f"{BACKUP_S:.0f}"], timeout=BACKUP_S)


async def discard(machine: Runner, aside: Aside) -> bool:
    """Stop the server and delete its files; say whether there was one. Safe to repeat."""
    paths = aside.paths
    there = (await machine.run(["test", "-e", paths.data], check=False)).status == 0
    await machine.run(["systemctl", "stop", f"{aside.unit}.service"], check=False, timeout=BACKUP_S)
    await machine.run(["rm", "-rf", paths.data, paths.config], timeout=BACKUP_S)
    return there
