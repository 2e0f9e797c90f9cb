"""The database that the heartbeat writes to: every instance has it, so that every fault can be measured."""

from collections.abc import Mapping

from tuchanka.heartbeat import schema
from tuchanka.services.base import Service, Sql
from tuchanka.topology.types import Instance, Topology

PASSWORD = "heartbeat"  # noqa: S105 - the name of a secret


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
            f"create role {schema.USER} with login password '{secrets[PASSWORD]}';\n"
            f"create database {schema.DATABASE} owner {schema.USER};\n"
        )
        table = (schema.CREATE_TABLE, *schema.grants(schema.USER))
        return Sql("postgres", role), Sql(schema.DATABASE, "".join(f"{statement};\n" for statement in table))
