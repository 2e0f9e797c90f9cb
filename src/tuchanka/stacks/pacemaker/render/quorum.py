"""What makes a node part of a cluster: corosync with its quorum device, and sbd."""

from tuchanka.files import File
from tuchanka.stacks.pacemaker.render import paths as layout
from tuchanka.stacks.pacemaker.timing.predict import HEARTBEAT_LEAST_MS, qdevice_connect_ms
from tuchanka.stacks.pacemaker.timing.types import Timing
from tuchanka.templating import fill
from tuchanka.topology.types import Cluster, Topology


def quorum_files(topology: Topology, cluster: Cluster, timing: Timing) -> dict[str, File]:
    """Return path → file of corosync and sbd; the same on every node of the cluster."""
    witness = topology.witness if cluster.witness else None
    facts = {"cluster": cluster, "witness": witness, "timing": timing, "connect_ms": qdevice_connect_ms(timing)}
    files = {"/etc/corosync/corosync.conf": File(fill("tuchanka.stacks.pacemaker.render", "corosync.j2", **facts))}
    if witness:
        qdevice = fill("tuchanka.stacks.pacemaker.render", "qdevice.j2", least_ms=HEARTBEAT_LEAST_MS)
        files["/etc/default/corosync-qdevice"] = File(qdevice)
    if cluster.fencing.watchdog:
        sbd = fill("tuchanka.stacks.pacemaker.render", "sbd.j2", timing=timing, watchdog=layout.WATCHDOG)
        files["/etc/default/sbd"] = File(sbd)
    return files


def witness_files() -> dict[str, File]:
    """Return path → file of the quorum device's server."""
    qnetd = fill("tuchanka.stacks.pacemaker.render", "qnetd.j2", least_ms=HEARTBEAT_LEAST_MS)
    return {"/etc/default/corosync-qnetd": File(qnetd)}
