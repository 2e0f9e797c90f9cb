"""The setup of one instance: data directory, users and databases, and a base backup for each standby."""

from tuchanka.instance_paths import InstancePaths
from tuchanka.lab.lab import Deployment
from tuchanka.postgres import pg_ctl
from tuchanka.postgres.base_backup import base_backup
from tuchanka.postgres.psql import psql
from tuchanka.providers.base import Runner
from tuchanka.services import registry
from tuchanka.topology.types import Instance
from tuchanka.waiting import together

INITDB_S = 120.0


async def setup(lab: Deployment, instance: Instance) -> None:
    """Make all copies of the instance; every server is stopped, in good order, at the end."""
    paths = InstancePaths(lab.topology.postgresql_of(instance.name), instance.name)
    home = lab.machine(instance.home)
    await initdb(home, paths, lab.topology.locale)
    # For the setup alone: commits wait for no standby.
    await pg_ctl.start(home, paths, settings="-c synchronous_standby_names=")
    secrets = lab.secrets()
    await psql(home, instance.port, replicator_sql(secrets.replication))
    for one in registry.sql(lab.topology, instance, secrets.services):
        await psql(home, instance.port, one.statements, database=one.database)
    standbys = [lab.machine(name) for name in instance.nodes if name != instance.home]
    address = str(lab.topology.machine(instance.home).address)
    await together(*(base_backup(standby, paths, address, instance.port) for standby in standbys))
    await pg_ctl.stop(home, paths)


def replicator_sql(password: str) -> str:
    """Return the statement that makes the role by which standbys replicate."""
    return f"create role replicator with login replication password '{password}';\n"


async def initdb(machine: Runner, paths: InstancePaths, locale: str) -> None:
    """Make an empty data directory with checksums; its configuration is elsewhere, so initdb's is removed."""
    await machine.run(["rm", "-rf", paths.data])
    command = [f"{paths.programs}/initdb", "--pgdata", paths.data, "--data-checksums", "--encoding=UTF8"]
    command += [f"--locale={locale}", "--auth-local=peer", "--auth-host=scram-sha-256", "--no-instructions"]
    await machine.run(command, user="postgres", timeout=INITDB_S)
    unused = [f"{paths.data}/{name}" for name in ("postgresql.conf", "pg_hba.conf", "pg_ident.conf")]
    await machine.run(["rm", "-f", *unused])
