"""Who can't hear whom in a fault of the network. Pure."""

from collections.abc import Sequence

from tuchanka.faults.fault import Scene
from tuchanka.faults.scene import machines_of
from tuchanka.providers.base import CLIENT, Cut
from tuchanka.topology.types import Cluster

# Whose the cuts are that hit a whole site, by hand; no cluster is called so.
WHOLE_LAB = "-"


def label(fault: str, scene: Scene) -> str:
    """Return the name under which the cuts of a fault are in force: fault, target, and whose trial it is."""
    return f"{fault}.{scene.target}.{scene.cluster.name if scene.cluster else WHOLE_LAB}"


def is_of(name: str, scene: Scene) -> bool:
    """Say whether cuts hit a machine of the scene, and are of its cluster, where it is of one alone."""
    _, target, label = name.split(".", 2)
    if scene.cluster is not None and label not in {scene.cluster.name, WHOLE_LAB}:
        return False
    cluster = None if label == WHOLE_LAB else scene.lab.topology.cluster(label)
    return not set(scene.names).isdisjoint(machines_of(scene.lab.topology, cluster, "node", target))


def one_way(sources: Sequence[str], destinations: Sequence[str], *, loss_percent: int = 100) -> tuple[Cut, ...]:
    """Return the cuts that keep each destination from hearing each source."""
    return tuple(Cut(a, b, loss_percent=loss_percent) for a in sources for b in destinations)


def both_ways(these: Sequence[str], those: Sequence[str], *, loss_percent: int = 100) -> tuple[Cut, ...]:
    """Return the cuts between two groups."""
    return one_way(these, those, loss_percent=loss_percent) + one_way(those, these, loss_percent=loss_percent)


def inside_and_outside(scene: Scene) -> tuple[list[str], list[str]]:
    """Return the machines of the scene; and all others of the lab, and the clients."""
    others = [machine.name for machine in scene.lab.topology.machines if machine.name not in scene.names]
    return list(scene.names), [*others, CLIENT]


def between_sites(cluster: Cluster) -> tuple[Cut, ...]:
    """Return the cuts between nodes of different sites."""
    return tuple(Cut(a.name, b.name) for a in cluster.nodes for b in cluster.nodes if a.site != b.site)


def replication(cluster: Cluster, nodes: Sequence[str]) -> tuple[Cut, ...]:
    """Return the cuts between these nodes and the cluster's others for the ports of the instances."""
    return tuple(
        Cut(cut.source, cut.destination, tcp_port=instance.port)
        for instance in cluster.instances
        for cut in both_ways(
            [node for node in instance.nodes if node in nodes], [node for node in instance.nodes if node not in nodes]
        )
    )
