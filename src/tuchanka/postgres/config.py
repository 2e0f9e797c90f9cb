"""The configuration of PostgreSQL instances, outside the data directory, so that a base backup leaves it alone."""

from typing import Protocol

from tuchanka.files import File
from tuchanka.instance_paths import PG_SOCKETS, PGPASS, InstancePaths
from tuchanka.services import registry
from tuchanka.templating import fill
from tuchanka.topology.types import Cluster, Instance, Node, Topology


class Timeouts(Protocol):
    """The timeouts of replication that a stack has chosen, in milliseconds; the names are those of the parameters."""

    @property
    def tcp_user_timeout_ms(self) -> int:
        """How long data that is sent may stay unacknowledged."""

    @property
    def wal_retrieve_retry_interval_ms(self) -> int:
        """How long a standby waits before it tries again."""

    @property
    def wal_sender_timeout_ms(self) -> int:
        """How long a primary waits for a silent standby."""

    @property
    def wal_receiver_timeout_ms(self) -> int:
        """How long a standby waits for a silent primary."""


def instance_files(
    topology: Topology, cluster: Cluster, instance: Instance, node: str, timing: Timeouts
) -> dict[str, File]:
    """Return path → file of one instance on one of its nodes."""
    paths = InstancePaths(cluster.postgresql, instance.name)
    members = [cluster.node(name) for name in instance.nodes]
    here = cluster.node(node)
    contents = {
        "postgresql.conf": fill(
            "tuchanka.postgres",
            "postgresql.j2",
            instance=instance,
            node=node,
            paths=paths,
            sockets=PG_SOCKETS,
            pgpass=PGPASS,
            topology=topology,
            synchronous=synchronous_standby_names(cluster, instance, node),
            timing=timing,
            services=registry.settings(topology, cluster, instance, node),
        ),
        "pg_hba.conf": fill(
            "tuchanka.postgres",
            "pg_hba.j2",
            here=here,
            vips=instance.vips,
            others=[member for member in members if member.name != node],
            services=registry.hba(topology, cluster, instance, node),
            subnet=topology.network.subnet,
        ),
        "pg_ident.conf": "# no user name maps\n",
        "environment": "# no environment variables\n",
        "pg_ctl.conf": "# no options for pg_ctl\n",
        # pg_ctlcluster(1): "manual" keeps Debian's scripts from starting what Pacemaker keeps.
        "start.conf": "manual\n",
    }
    return {
        f"{paths.config}/{name}": File(text, mode=0o640, owner="postgres", group="postgres")
        for name, text in contents.items()
    }


def synchronous_standby_names(cluster: Cluster, instance: Instance, node: str) -> str:
    """Return the list as seen from ``node``, empty for asynchronous replication.

    Source: PostgreSQL, "Synchronous Replication" (runtime-config-replication, ``synchronous_standby_names``).
    """
    if instance.synchronous is None:
        return ""
    names = ", ".join(f'"{other.name}"' for other in standbys_in_order(cluster, instance, node))
    return f"{instance.synchronous.method} {instance.synchronous.count} ({names})"


def standbys_in_order(cluster: Cluster, instance: Instance, node: str) -> list[Node]:
    """Return the nodes that a primary on ``node`` asks to confirm a commit, the first ones first."""
    others = [cluster.node(name) for name in instance.nodes if name != node]
    if instance.synchronous and instance.synchronous.other_site_first:
        here = cluster.node(node).site
        return sorted(others, key=lambda other: other.site == here)  # stable: the topology's order within a site
    return others
