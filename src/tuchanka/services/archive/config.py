"""The configuration of pgBackRest and of the programs around it, as files of a node. Pure.

Source: pgBackRest 2.55, "Configuration Reference".
"""

from tuchanka.files import File
from tuchanka.instance_paths import PG_SOCKETS, InstancePaths
from tuchanka.services.archive.paths import OWN_CA, SECRETS, TLS_CERTIFICATE, TLS_KEY
from tuchanka.services.base import LAB_CA
from tuchanka.topology.archive import DAY_S
from tuchanka.topology.types import Archive, Cluster, Instance

BREAKER_S = 10
"""How long a store that failed isn't asked again."""


def here(cluster: Cluster, node: str) -> tuple[Instance, ...]:
    """Return the instances of the node that are archived."""
    return tuple(one for one in cluster.instances if one.archive and node in one.nodes)


def pgbackrest_conf(archive: Archive, cluster: Cluster, node: str, *, lab: str, domain: str) -> str:
    """Return the node's pgbackrest.conf: everything but the secrets.

    The stanza of an instance has its name. ``lab`` begins the paths in the bucket, so that labs can share one.
    """
    lines = [
        "[global]",
        "repo1-type=s3",
        f"repo1-path=/{lab}",
        f"repo1-s3-endpoint={archive.endpoint}",
        f"repo1-storage-port={archive.port}",
        f"repo1-s3-bucket={archive.bucket}",
        f"repo1-s3-region={archive.region}",
        "repo1-s3-uri-style=path",
        *([f"repo1-storage-ca-file={LAB_CA if archive.store else OWN_CA}"] if _has_ca(archive) else []),
        "repo1-cipher-type=aes-256-cbc",
        # Small files of a backup are stored together: each request to a store costs more than what it carries.
        "repo1-bundle=y",
        "repo1-retention-full-type=time",
        f"repo1-retention-full={archive.keep_s // DAY_S}",
        "compress-type=zst",
        "process-max=2",
        "start-fast=y",
        # Synchronous: the limit for waiting log isn't kept in the asynchronous mode when one file fails.
        "archive-async=n",
        "io-timeout=10",
        "log-level-console=warn",
        "log-level-file=off",
    ]
    if serves(archive, cluster, node):
        lines += _server(cluster, node)
    for instance in here(cluster, node):
        data = InstancePaths(cluster.postgresql, instance.name).data
        own = [f"pg1-path={data}", f"pg1-port={instance.port}", f"pg1-socket-path={PG_SOCKETS}"]
        lines += ["", f"[{instance.name}]", *own]
        if serves(archive, cluster, node):
            lines += _standbys(cluster, instance, node, domain)
    return "".join(f"{line}\n" for line in lines)


def serves(archive: Archive, cluster: Cluster, node: str) -> bool:
    """Say whether other nodes read this one's disk for backups: it runs pgBackRest's server then."""
    return archive.backup_from == "standby" and any(len(one.nodes) > 1 for one in here(cluster, node))


def _server(cluster: Cluster, node: str) -> list[str]:
    """Return the settings of the server: it lets in the other nodes of each instance, by their certificates."""
    others: dict[str, list[str]] = {}
    for instance in here(cluster, node):
        for name in instance.nodes:
            if name != node:
                others.setdefault(name, []).append(instance.name)
    return [
        "tls-server-address=*",
        f"tls-server-cert-file={TLS_CERTIFICATE}",
        f"tls-server-key-file={TLS_KEY}",
        f"tls-server-ca-file={LAB_CA}",
        *(f"tls-server-auth={name}={','.join(instances)}" for name, instances in others.items()),
    ]


def _standbys(cluster: Cluster, instance: Instance, node: str, domain: str) -> list[str]:
    """Return the section of a backup alone: no other command is to wait for another node."""
    lines = ["", f"[{instance.name}:backup]", "backup-standby=prefer"]
    data = InstancePaths(cluster.postgresql, instance.name).data
    for number, name in enumerate((one for one in instance.nodes if one != node), 2):
        lines += [
            f"pg{number}-host={name}.{domain}",
            f"pg{number}-host-type=tls",
            f"pg{number}-host-cert-file={TLS_CERTIFICATE}",
            f"pg{number}-host-key-file={TLS_KEY}",
            f"pg{number}-host-ca-file={LAB_CA}",
            f"pg{number}-path={data}",
            f"pg{number}-port={instance.port}",
            f"pg{number}-socket-path={PG_SOCKETS}",
        ]
    return lines


def _has_ca(archive: Archive) -> bool:
    return bool(archive.store or archive.ca_file)


def programs_conf(archive: Archive, *, push_s: int, fetch_s: int) -> str:
    """Return the settings of the programs that PostgreSQL calls."""
    return (
        "# Settings of pgbackrest-push and pgbackrest-fetch, NAME=value: docs/archive.md of tuchanka explains them.\n"
        f"PUSH_TIMEOUT_S={push_s}\nFETCH_TIMEOUT_S={fetch_s}\nBREAKER_S={BREAKER_S}\n"
        f"LIMIT={archive.limit}\nWHEN_STUCK={archive.when_stuck}\n"
    )


def secrets_conf(*, key: str, key_secret: str, passphrase: str) -> dict[str, File]:
    """Return path → file of the secrets that pgBackRest reads beside its configuration."""
    text = f"[global]\nrepo1-s3-key={key}\nrepo1-s3-key-secret={key_secret}\nrepo1-cipher-pass={passphrase}\n"
    return {SECRETS: File(text, mode=0o600, owner="postgres", group="postgres")}
