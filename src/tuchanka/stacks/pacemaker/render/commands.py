"""The short commands of an administrator who is logged in to a node: ``mon`` and ``restore``."""

from tuchanka.files import File
from tuchanka.node_program import program
from tuchanka.stacks.pacemaker.render.services import services
from tuchanka.stacks.pacemaker.restore import node_command
from tuchanka.stacks.pacemaker.restore.node_settings import KeptInstance, NodeSettings, write_settings
from tuchanka.templating import fill
from tuchanka.topology.types import Cluster

COMMANDS = "/usr/local/bin"
PROGRAM = "/usr/lib/tuchanka/restore"


def command_files(cluster: Cluster, name: str) -> dict[str, File]:
    """Return path → file of a node's commands, and of the program and the settings behind ``restore``."""
    package = "tuchanka.stacks.pacemaker.render"
    node = cluster.node(name)
    mon = fill(package, "node_mon.sh.j2", cluster=cluster)
    restore = fill(package, "node_restore.sh.j2", cluster=cluster, node=node, program=PROGRAM)
    return {
        f"{COMMANDS}/mon": File(mon, mode=0o755),
        f"{COMMANDS}/restore": File(restore, mode=0o755),
        node_command.SETTINGS: File(write_settings(node_settings(cluster, name))),
    } | {f"{PROGRAM}/{path}": File(text) for path, text in program(node_command.__name__).items()}


def node_settings(cluster: Cluster, name: str) -> NodeSettings:
    """Return what the node's ``restore`` has to know."""
    return NodeSettings(
        node=name,
        cluster=cluster.name,
        postgresql=cluster.postgresql,
        witness=cluster.witness,
        services=tuple(services(cluster)),
        instances=tuple(
            KeptInstance(
                instance.name,
                instance.port,
                {other: str(cluster.node(other).address) for other in instance.nodes if other != name},
            )
            for instance in cluster.instances
            if name in instance.nodes
        ),
    )
