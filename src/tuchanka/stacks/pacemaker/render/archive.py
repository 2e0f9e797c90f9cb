"""What the cluster tells the programs of the archive: how long they may take."""

from tuchanka.files import File
from tuchanka.services.archive import config
from tuchanka.services.archive.paths import SETTINGS
from tuchanka.stacks.pacemaker.timing.types import Timing
from tuchanka.topology.types import Cluster, Topology


def archive_files(topology: Topology, cluster: Cluster, node: str, timing: Timing) -> dict[str, File]:
    """Return path → file of a node whose instances are archived."""
    if topology.archive is None or not config.here(cluster, node):
        return {}
    text = config.programs_conf(
        topology.archive, push_s=timing.archive_push_timeout_s, fetch_s=timing.archive_fetch_timeout_s
    )
    return {SETTINGS: File(text)}
