"""The services of a node's cluster stack."""

from tuchanka.topology.types import Cluster


def services(cluster: Cluster) -> list[str]:
    """Return the systemd services in the order of their start; sbd comes with corosync."""
    return ["corosync", *(["corosync-qdevice"] if cluster.witness else []), "pacemaker"]
