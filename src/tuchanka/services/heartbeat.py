"""The database that the heartbeat writes to: every instance has it, so that every fault can be measured."""

from collections.abc import Mapping

from tuchanka.services.base import Service, Sql
from tuchanka.topology.types import Instance, Topology

DATABASE = "heartbeat"
USER = "heartbeat"

# One row per beat. ``written_mono`` is the recorder's own CLOCK_MONOTONIC when it sent the row: the age of what a
# reader sees is then a difference on one clock, whatever the nodes' clocks say.
CREATE_TABLE = """\
CREATE TABLE IF NOT EXISTS beat (
    run          text             NOT NULL,
    seq          bigint           NOT NULL,
    written_mono double precision NOT NULL,
    written_at   timestamptz      NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run, seq)
)"""

PASSWORD = "heartbeat"  # noqa: S105 - the name of a secret


def grants(user: str) -> tuple[str, ...]:
    """Return the statements that let ``user`` (an SQL identifier) do all that the recorder does."""
    quoted = user.replace('"', '""')
    return f'GRANT SELECT, INSERT ON beat TO "{quoted}"', f'GRANT pg_read_all_stats TO "{quoted}"'


class Heartbeat(Service):
    """A role, a database and a table; the recorder itself runs beside the lab."""

    name = "heartbeat"
    on_machines = False

    def used(self, topology: Topology) -> bool:
        """Every topology has it."""
        del topology
        return True

    def secrets(self) -> tuple[str, ...]:
        """Return the name of the role's password."""
        return (PASSWORD,)

    def sql(self, instance: Instance, secrets: Mapping[str, str]) -> tuple[Sql, ...]:
        """Return the statements for the role and the database, and then those within it."""
        del instance
        role = (
            f"create role {USER} with login password '{secrets[PASSWORD]}';\n"
            f"create database {DATABASE} owner {USER};\n"
        )
        table = (CREATE_TABLE, *grants(USER))
        return Sql("postgres", role), Sql(DATABASE, "".join(f"{statement};\n" for statement in table))
