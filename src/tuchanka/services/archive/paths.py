"""Where the files of the archive are on a node."""

CONF = "/etc/pgbackrest/pgbackrest.conf"
# pgBackRest reads every .conf there besides (--config-include-path).
SECRETS = "/etc/pgbackrest/conf.d/secrets.conf"
PROGRAMS = "/usr/lib/tuchanka"
# pgBackRest demands its name in archive_command.
PUSH = f"{PROGRAMS}/pgbackrest-push"
FETCH = f"{PROGRAMS}/pgbackrest-fetch"
KEEPER = f"{PROGRAMS}/archive-keeper"
SETTINGS = "/etc/tuchanka/archive.conf"
KEPT = "/etc/tuchanka/archive-keeper.json"
REFUSED = "/etc/tuchanka/archive.refused"
"""While it is there nothing is fetched from the archive; its text says why."""
TLS_CERTIFICATE = "/etc/pgbackrest/tls.pem"
"""The node's certificate, as PostgreSQL's user can read it."""
TLS_KEY = "/etc/pgbackrest/tls.key"
OWN_CA = "/etc/tuchanka/archive-ca.pem"
"""The user's own certificates for the S3 service."""


def keeper_unit(instance: str) -> str:
    """Return the name of the unit of an instance's keeper, without its ending."""
    return f"archive-keeper-{instance}"
