"""Where things are on a Debian node: the paths that files, scripts and stages share.

Source: Debian's postgresql-common (pg_createcluster(1), "FILES") and the packages' own defaults.
"""

from dataclasses import dataclass

CIB = "/var/lib/pacemaker/cib/cib.xml"
COROSYNC_KEY = "/etc/corosync/authkey"
WATCHDOG = "/dev/watchdog"
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
