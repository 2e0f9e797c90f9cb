"""What the cluster tells its helpers: their settings, and the resources of ``failback = "automatic"``.

A preference for the preferred node alone would do too early: PAF gives a standby a score as soon as it is connected,
however far behind it is, and keeps scores across restarts. So the preference holds only where a transient node
attribute says that the copy has caught up; Pacemaker forgets such an attribute with its node.
"""

from tuchanka.files import File
from tuchanka.helpers.files import Settings, helper_files
from tuchanka.instance_paths import PG_SOCKETS
from tuchanka.stacks.pacemaker.render.fencing import wrapped_agents
from tuchanka.stacks.pacemaker.timing.types import Timing
from tuchanka.templating import fill
from tuchanka.topology.types import Cluster, Instance

# A walreceiver that works ends by itself after wal_receiver_timeout without a word from the primary.
SILENT_SLACK_S = 3
PREFERENCE = 500
"""More than the difference of PAF's scores (1001 of a primary, 690 or more of a standby that streams) and the
stickiness of the primary and its VIP; so little that a score below 0 stays below 0."""


def files(cluster: Cluster, timing: Timing) -> dict[str, File]:
    """Return path → file of the helpers that are on, the same on every node of the cluster."""
    settings = Settings(
        hang_s=timing.hang_timeout_s,
        again_s=timing.first_aid_again_s,
        silent_s=timing.wal_receiver_timeout_ms // 1000 + SILENT_SLACK_S,
        stopped_s=timing.stopped_patience_s,
        patience_s=timing.watch_patience_s,
        primary_addresses={instance.name: str(instance.primary_vip.address) for instance in cluster.instances},
        floating_addresses=[str(vip.address) for instance in cluster.instances for vip in instance.vips],
        failback=any(instance.failback == "automatic" for instance in cluster.instances),
        fence_agents=wrapped_agents(cluster, timing),
    )
    return helper_files(timing.helpers, settings)


def failback_lines(cluster: Cluster, instance: Instance, timing: Timing) -> str:
    """Return the end of the instance's pcs script; empty for ``wait``, and without the agent that it needs."""
    if instance.failback != "automatic" or not timing.helpers.caught_up:
        return ""
    return fill(
        "tuchanka.stacks.pacemaker.render",
        "pcs_failback.sh.j2",
        instance=instance,
        others=[node.name for node in cluster.nodes if node.name != instance.home],
        sockets=PG_SOCKETS,
        score=PREFERENCE,
        timing=timing,
    )
