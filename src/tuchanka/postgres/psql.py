"""SQL as PostgreSQL's superuser, through the socket of a machine's own server."""

from tuchanka.instance_paths import PG_SOCKETS
from tuchanka.providers.base import Completed, Runner

# What runs a command as PostgreSQL's user, in a script that root runs.
AS_POSTGRES = "setpriv --reuid=postgres --regid=postgres --init-groups"
ANSWER_S = 60.0


def command(port: int, database: str = "postgres") -> list[str]:
    """Return psql's command line; statements come by standard input, never as an argument."""
    return ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", PG_SOCKETS, "-p", str(port), "-d", database, "-f", "-"]


async def psql(
    machine: Runner,
    port: int,
    statements: str,
    *,
    database: str = "postgres",
    timeout: float = ANSWER_S,
    check: bool = True,
) -> Completed:
    """Run statements and return what psql wrote; the first that fails ends it. ``timeout`` is in seconds.

    Raises:
        CommandFailed: a statement failed, or there is no server, and ``check`` is true.
        DeadlineExceeded, MachineError: see ``Runner.run``.
    """
    argv = command(port, database)
    return await machine.run(argv, stdin=statements.encode(), user="postgres", timeout=timeout, check=check)
