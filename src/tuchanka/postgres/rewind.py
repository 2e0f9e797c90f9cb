"""pg_rewind: makes data that parted from the primary's the primary's again, by copying only what differs.

It reads the primary's files through a connection, as a role made for this one run: it may call the four functions
that pg_rewind(1) names, has a password of its own that is known for as long as the run takes, and is dropped
afterwards. So nothing that could read the primary's files stays behind.
"""

import contextlib
import secrets

from tuchanka.errors import TuchankaError
from tuchanka.files import File
from tuchanka.lab.lab import Deployment
from tuchanka.providers.base import Node
from tuchanka.stacks.pacemaker.render.paths import InstancePaths
from tuchanka.stacks.pacemaker.restore.look import rewinding
from tuchanka.stacks.pacemaker.setup.instance import psql
from tuchanka.topology.types import Instance

REWIND_S = 3600.0
FUNCTIONS = (
    "pg_ls_dir(text, boolean, boolean)",
    "pg_stat_file(text, boolean)",
    "pg_read_binary_file(text)",
    "pg_read_binary_file(text, bigint, bigint, boolean)",
)


def role(node: str) -> str:
    """Return the role with which a node rewinds; one for each, so that several can at the same time."""
    return f"rewinder_{node}"


def drop_sql(node: str) -> str:
    """Return the statements that take the role away, if it is there."""
    # No standby may be left to confirm it, and nothing is lost if it is forgotten.
    return (
        "set synchronous_commit = local;\n"
        f"do $do$ begin if exists (select from pg_roles where rolname = '{role(node)}') then\n"
        f'  drop owned by "{role(node)}"; drop role "{role(node)}";\n'
        "end if; end $do$;\n"
    )


def make_sql(node: str, password: str) -> str:
    """Return the statements that make the role, valid for the time that a run may take."""
    grants = "".join(f'grant execute on function pg_catalog.{one} to "{role(node)}";\n' for one in FUNCTIONS)
    # The checkpoint makes the control file say the timeline of a primary that was promoted just now.
    return (
        drop_sql(node)
        + f"create role \"{role(node)}\" login password '{password}';\n"
        + f"do $do$ begin execute format('alter role %I valid until %L', '{role(node)}', "
        + f"now() + interval '{REWIND_S:.0f} seconds'); end $do$;\n{grants}checkpoint;\n"
    )


async def rewind(lab: Deployment, instance: Instance, node: str, primary: str) -> None:
    """Rewind the stopped copy on the node to the primary, and make it a standby.

    Raises:
        CommandFailed, DeadlineExceeded: it failed; the data may be half changed, and is marked as that.
    """
    machine, source = lab.machine(node), lab.machine(primary)
    paths = InstancePaths(lab.topology.postgresql_of(instance.name), instance.name)
    password = secrets.token_urlsafe(24)
    passfile = _passfile(paths)
    line = f"*:{instance.port}:postgres:{role(node)}:{password}\n"
    try:
        await psql(source, instance, "postgres", make_sql(node, password))
        await machine.put({passfile: File(line, mode=0o600, owner="postgres", group="postgres")})
        await _rewind(machine, paths, f"{_address(lab, primary, instance)} user={role(node)} passfile={passfile}")
    finally:
        await tidy(lab, instance, node, primary)


async def tidy(lab: Deployment, instance: Instance, node: str, primary: str) -> None:
    """Take role and password away, as far as they can be reached; also those of a run that was killed."""
    with contextlib.suppress(TuchankaError):
        passfile = _passfile(InstancePaths(lab.topology.postgresql_of(instance.name), instance.name))
        await lab.machine(node).run(["rm", "-f", passfile])
    with contextlib.suppress(TuchankaError):
        await psql(lab.machine(primary), instance, "postgres", drop_sql(node))


def _passfile(paths: InstancePaths) -> str:
    return f"{paths.data}.rewinder"


def _address(lab: Deployment, primary: str, instance: Instance) -> str:
    host = lab.topology.machine(primary).address
    return f"host={host} port={instance.port} dbname=postgres connect_timeout=10"


async def _rewind(machine: Node, paths: InstancePaths, source: str) -> None:
    mark, signal = rewinding(paths), f"{paths.data}/standby.signal"
    # Data that crashed is recovered first, by a single-user server, which can't be a standby.
    await machine.run(["sh", "-c", f"touch {mark} && sync -f {mark} && rm -f {signal}"], user="postgres")
    command = [f"{paths.programs}/pg_rewind", "--target-pgdata", paths.data, "--source-server", source]
    command += ["--config-file", f"{paths.config}/postgresql.conf", "--progress"]
    await machine.run(command, user="postgres", timeout=REWIND_S)
    await machine.run(["sh", "-c", f"touch {signal} && sync -f {signal} && rm -f {mark}"], user="postgres")
