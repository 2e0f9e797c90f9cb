"""Double faults: the primary is lost while the cluster has not got over the loss of a standby."""

from tuchanka.errors import LabError
from tuchanka.faults.fault import Target
from tuchanka.faults.survival import serves
from tuchanka.lab.stack import primary_of
from tuchanka.topology.types import Cluster
from tuchanka.waiting import wait_until

# Until the others are sure that the standby is fenced.
LOST_S = 90.0


async def _pair(target: Target, cluster: Cluster) -> tuple[str, str]:
    """Return the first standby and the primary of the target's instance, or of the cluster's first."""
    instance = target.instance or cluster.instances[0]
    roles = await target.lab.stack.roles(target.lab, cluster, instance)
    standby = next((node for node, role in roles.items() if role == "standby"), None)
    primary = primary_of(roles)
    if standby is None or primary is None:
        missing = "standby" if primary else "primary"
        raise LabError(f"{instance.name} has no {missing}", where=cluster.name, hint="see 'tuchanka status'")
    return standby, primary


async def lose_standby(target: Target, cluster: Cluster) -> tuple[str, str]:
    """Cut the first standby's power, and wait until it is fenced; returns its name and the primary's."""
    standby, primary = await _pair(target, cluster)
    await target.lab.machine(standby).power_off()

    async def settled() -> bool:
        return await target.lab.stack.is_lost(target.lab, cluster, standby)

    hint = "'tuchanka status' shows the whole"
    await wait_until(settled, deadline_s=LOST_S, interval_s=0.3, what=f"the end of {standby}", hint=hint)
    return standby, primary


def others_serve(target: Target) -> bool:
    """Say whether the cluster serves without its primary and one standby."""
    if target.cluster is None or target.instance is None:
        return True
    lost = [target.primary, *(node for node in target.instance.nodes if node != target.primary)][:2]
    left = [node.name for node in target.cluster.nodes if node.name not in lost]
    return serves(target.cluster, target.instance, left)
