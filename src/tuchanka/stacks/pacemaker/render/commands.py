"""Short commands for whoever is logged in to a node: ``mon`` and ``restore``."""

from tuchanka.files import File
from tuchanka.postgres.paths import PG_SOCKETS, PGPASS, InstancePaths
from tuchanka.templating import fill
from tuchanka.topology.types import Cluster

FOLDER = "/usr/local/bin"


def command_files(cluster: Cluster, name: str) -> dict[str, File]:
    """Return path → file of a node's commands; they are shell, so that an administrator can read them there."""
    kept = [instance for instance in cluster.instances if name in instance.nodes]
    instances = [
        {
            "name": instance.name,
            "port": instance.port,
            "data": InstancePaths(cluster.postgresql, instance.name).data,
            "others": [str(cluster.node(other).address) for other in instance.nodes if other != name],
        }
        for instance in kept
    ]
    restore = fill(
        "tuchanka.stacks.pacemaker.render",
        "node_restore.sh.j2",
        cluster=cluster,
        node=cluster.node(name),
        instances=instances,
        programs=InstancePaths(cluster.postgresql, "").programs,
        services=["corosync", *(["corosync-qdevice"] if cluster.witness else []), "pacemaker"],
        sockets=PG_SOCKETS,
        pgpass=PGPASS,
    )
    texts = {"mon": fill("tuchanka.stacks.pacemaker.render", "node_mon.sh.j2", cluster=cluster), "restore": restore}
    return {f"{FOLDER}/{command}": File(text, mode=0o755) for command, text in texts.items()}
