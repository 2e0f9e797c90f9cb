"""pg_rewind: makes data that diverged from the primary's the primary's again, by copying only what differs.

It reads the primary's files through a connection, as a role made for this one run: it may call the four functions
that pg_rewind(1) names, has a password of its own that is known for as long as the run takes, and is dropped
afterwards. So nothing that could read the primary's files stays behind.
"""

import contextlib
import secrets
from typing import Protocol

from tuchanka.errors import TuchankaError
from tuchanka.files import File
from tuchanka.instance_paths import InstancePaths
from tuchanka.postgres.psql import psql
from tuchanka.providers.base import Copier, Runner

REWIND_S = 3600.0
# pg_rewind gives up at the first file that its restore_command doesn't get (services/archive/fetch.pl).
PATIENT = "ARCHIVE_FETCH=patient"
FUNCTIONS = (
    "pg_ls_dir(text, boolean, boolean)",
    "pg_stat_file(text, boolean)",
    "pg_read_binary_file(text)",
    "pg_read_binary_file(text, bigint, bigint, boolean)",
)


class Rewound(Runner, Copier, Protocol):
    """The machine whose copy is rewound."""


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


async def rewind(
    machine: Rewound, source: Runner, paths: InstancePaths, *, address: str, port: int, archived: bool = False
) -> None:
    """Rewind the machine's stopped copy to the primary on ``source``, at this address, and make it a standby.

    ``archived``: what its own log lacks is fetched from the archive.

    Raises:
        CommandFailed, DeadlineExceeded: it failed; the data may be half changed, and is marked as that.
    """
    name = role(machine.name)
    password = secrets.token_urlsafe(24)
    line = f"*:{port}:postgres:{name}:{password}\n"
    server = f"host={address} port={port} dbname=postgres connect_timeout=10 user={name} passfile={paths.rewinder}"
    try:
        await psql(source, port, make_sql(machine.name, password))
        await machine.put({paths.rewinder: File(line, mode=0o600, owner="postgres", group="postgres")})
        await _rewind(machine, paths, server, archived=archived)
    finally:
        await tidy(machine, source, paths, port)


async def tidy(machine: Runner, source: Runner, paths: InstancePaths, port: int) -> None:
    """Take role and password away, as far as they can be reached; also those of a run that was killed."""
    with contextlib.suppress(TuchankaError):
        await machine.run(["rm", "-f", paths.rewinder])
    with contextlib.suppress(TuchankaError):
        await psql(source, port, drop_sql(machine.name))


async def _rewind(machine: Runner, paths: InstancePaths, server: str, *, archived: bool) -> None:
    mark, signal = paths.rewinding, f"{paths.data}/standby.signal"
    # Data that crashed is recovered first, by a single-user server, which can't be a standby.
    await machine.run(["sh", "-c", f"touch {mark} && sync -f {mark} && rm -f {signal}"], user="postgres")
    command = [f"{paths.programs}/pg_rewind", "--target-pgdata", paths.data, "--source-server", server]
    command += ["--config-file", f"{paths.config}/postgresql.conf", "--progress"]
    if archived:
        command = ["env", PATIENT, *command, "--restore-target-wal"]
    await machine.run(command, user="postgres", timeout=REWIND_S)
    await machine.run(["sh", "-c", f"touch {signal} && sync -f {signal} && rm -f {mark}"], user="postgres")
