"""The setup of one instance: data directory, users and databases, and a base backup for each standby."""

from tuchanka.lab.lab import Deployment
from tuchanka.providers.base import Node
from tuchanka.services import registry
from tuchanka.stacks.pacemaker.render.paths import PG_SOCKETS, PGPASS, InstancePaths
from tuchanka.topology.types import Instance
from tuchanka.waiting import together

INITDB_S = 120.0
SERVER_S = 60.0
BACKUP_S = 3600.0


async def setup(lab: Deployment, instance: Instance) -> None:
    """Make all copies of the instance; every server is stopped, in good order, at the end."""
    paths = InstancePaths(lab.topology.postgresql_of(instance.name), instance.name)
    home = lab.machine(instance.home)
    await initdb(home, paths, lab.topology.locale)
    await start(home, paths)
    secrets = lab.secrets()
    await psql(home, instance, "postgres", replicator_sql(secrets.replication))
    for one in registry.sql(lab.topology, instance, secrets.services):
        await psql(home, instance, one.database, one.statements)
    standbys = [lab.machine(name) for name in instance.nodes if name != instance.home]
    address = str(lab.topology.machine(instance.home).address)
    await together(*(base_backup(standby, paths, address, instance.port) for standby in standbys))
    await stop(home, paths)


def replicator_sql(password: str) -> str:
    """Return the statement that makes the role by which standbys replicate."""
    return f"create role replicator with login replication password '{password}';\n"


async def initdb(machine: Node, paths: InstancePaths, locale: str) -> None:
    """Make an empty data directory with checksums; its configuration is elsewhere, so initdb's is removed."""
    await machine.run(["rm", "-rf", paths.data])
    command = [f"{paths.programs}/initdb", "--pgdata", paths.data, "--data-checksums", "--encoding=UTF8"]
    command += [f"--locale={locale}", "--auth-local=peer", "--auth-host=scram-sha-256", "--no-instructions"]
    await machine.run(command, user="postgres", timeout=INITDB_S)
    unused = [f"{paths.data}/{name}" for name in ("postgresql.conf", "pg_hba.conf", "pg_ident.conf")]
    await machine.run(["rm", "-f", *unused])


async def start(machine: Node, paths: InstancePaths) -> None:
    """Start the server outside the cluster, for the setup alone: commits wait for no standby."""
    options = "-c synchronous_standby_names= -c logging_collector=off"
    command = [f"{paths.programs}/pg_ctl", "start", "-D", paths.config, "-o", options, "-w", "-s", "-l", "/dev/null"]
    await machine.run(command, user="postgres", timeout=SERVER_S)


async def stop(machine: Node, paths: InstancePaths) -> None:
    """Stop that server, with a checkpoint."""
    command = [f"{paths.programs}/pg_ctl", "stop", "-D", paths.data, "-m", "fast", "-w", "-s"]
    await machine.run(command, user="postgres", timeout=SERVER_S)


async def psql(
    machine: Node, instance: Instance, database: str, statements: str, *, timeout: float = SERVER_S
) -> str:
    """Run statements as the superuser through the socket; they come by standard input, never as an argument."""
    command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", PG_SOCKETS, "-p", str(instance.port), "-d", database]
    done = await machine.run([*command, "-f", "-"], stdin=statements.encode(), user="postgres", timeout=timeout)
    return done.stdout


async def base_backup(machine: Node, paths: InstancePaths, primary: str, port: int) -> None:
    """Copy the primary's data directory to the machine, whole or not at all; the old one is put aside as ``.old``.

    Where there is an ``.old`` already, an earlier copy has not come to anything: that one goes, the oldest stays.
    """
    half, old = f"{paths.data}.copying", f"{paths.data}.old"
    source = f"host={primary} port={port} user=replicator passfile={PGPASS}"
    await machine.run(["rm", "-rf", half])
    command = [f"{paths.programs}/pg_basebackup", "-d", source, "-D", half]
    command += ["--wal-method=stream", "--checkpoint=fast", "--no-password"]
    await machine.run(command, user="postgres", timeout=BACKUP_S)
    # Whoever starts it by hand gets a standby, never a second primary.
    await machine.run(["touch", f"{half}/standby.signal"], user="postgres")
    swap = (
        'if [ -e "$1" ] && [ -e "$3" ]; then rm -rf "$1"; fi && if [ -e "$1" ]; then mv "$1" "$3"; fi '
        '&& sync -f "$2" && mv "$2" "$1"'
    )
    await machine.run(["sh", "-c", swap, "sh", paths.data, half, old], timeout=BACKUP_S)
