"""What a topology promises of a trial: the checks to be made, each with the promise in words. Pure."""

from collections.abc import Collection

from tuchanka.faults.fault import Fault
from tuchanka.topology.types import Cluster, Instance


def promises(
    cluster: Cluster, instance: Instance, fault: Fault, *, broken: Collection[str], primary: str | None
) -> dict[str, str]:
    """Return check → promise, for ``TrialStarted.promises``.

    ``broken`` are the machines that the fault's target stands for, ``primary`` the node with the instance's primary.
    """
    del cluster, instance, fault, broken, primary
    return {}


def instances_of(cluster: Cluster) -> dict[str, list[str]]:
    """Return instance → nodes, for ``TrialStarted.instances``."""
    return {instance.name: list(instance.nodes) for instance in cluster.instances}
