"""Ports and floating addresses: whether each instance has room on its nodes. Pure."""

from collections.abc import Iterator

from tuchanka.lint.base import Said, counted, instance_key
from tuchanka.topology.types import Topology


def instances_have_room(topology: Topology) -> Iterator[Said]:
    """Ports don't collide on a node, and every VIP has a node that could hold it."""
    for cluster in topology.clusters:
        for index, instance in enumerate(cluster.instances):
            key = instance_key(cluster, instance)
            for other in cluster.instances[:index]:
                shared = [node for node in instance.nodes if node in other.nodes]
                if shared and other.port == instance.port:
                    what = f"port {instance.port} is already taken by {other.name} on {', '.join(shared)}"
                    used = {one.port for one in cluster.instances}
                    free = next(port for port in range(5432, 65536) if port not in used)
                    yield Said("error", f"{key}.port", what, f"write another port, like {free}")
            standbys = max(len(instance.nodes) - 1, 0)
            if not instance.nodes:
                what = "no node could hold it: the instance has none"
                yield Said("error", f"{key}.primary_vip", what, "add nodes to the instance")
            elif not standbys:
                what = "the instance has one node only, so its loss is an outage that lasts until it is repaired"
                yield Said("warning", f"{key}.nodes", what, "add a second node in another site")
            if len(instance.standby_vips) > standbys:
                spare = instance.standby_vips[standbys]
                what = f"{spare.name} has no standby that could hold it: {counted(standbys, 'standby')} in all"
                instead = "remove the VIP, or add a node to the instance"
                yield Said("error", f"{key}.standby_vips[{standbys}]", what, instead)
