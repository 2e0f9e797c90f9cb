"""Where an instance is on a Debian node, and what is put beside its data while it is restored.

Source: Debian's postgresql-common (pg_createcluster(1), "FILES") and the packages' own defaults.
"""

from dataclasses import dataclass

PGPASS = "/var/lib/postgresql/.pgpass"
PG_SOCKETS = "/run/postgresql"


@dataclass(frozen=True, slots=True)
class InstancePaths:
    """The folders of one instance."""

    version: int
    instance: str

    @property
    def programs(self) -> str:
        """PostgreSQL's programs."""
        return f"/usr/lib/postgresql/{self.version}/bin"

    @property
    def config(self) -> str:
        """The configuration, which a base backup doesn't touch."""
        return f"/etc/postgresql/{self.version}/{self.instance}"

    @property
    def data(self) -> str:
        """The data directory."""
        return f"/var/lib/postgresql/{self.version}/{self.instance}"

    @property
    def old(self) -> str:
        """Where the data of before a restore is kept until the new standby streams."""
        return f"{self.data}.old"

    @property
    def half_old(self) -> str:
        """A copy of the data that is on its way to ``old``."""
        return f"{self.old}.half"

    @property
    def copying(self) -> str:
        """A base backup that is on its way to ``data``."""
        return f"{self.data}.copying"

    @property
    def rewinding(self) -> str:
        """The file that is there while pg_rewind works, and afterwards if it didn't come to its end."""
        return f"{self.data}.rewinding"

    @property
    def rewinder(self) -> str:
        """The password file of a run of pg_rewind."""
        return f"{self.data}.rewinder"
