"""``failback = "automatic"``: the agent that watches the home node's copy, and the preference that depends on it.

A preference alone would do too early: PAF gives a standby a score as soon as it is connected, however far behind it
is, and keeps scores for ever. So the preference holds only where a transient node attribute says that the copy has
caught up; Pacemaker forgets such an attribute with its node.
"""

from tuchanka.files import File
from tuchanka.stacks.pacemaker.render.paths import PG_SOCKETS
from tuchanka.stacks.pacemaker.timing.types import Timing
from tuchanka.templating import fill
from tuchanka.topology.types import Cluster, Instance

AGENT = "/usr/lib/ocf/resource.d/tuchanka/caught-up"
# More than the difference of PAF's scores (1001 of a primary, 690 or more of a standby that streams) and the
# stickiness of the primary and its VIP; so little that a score below 0 stays below 0.
PREFERENCE = 500


def failback_files(cluster: Cluster) -> dict[str, File]:
    """Return path → file of what every node of the cluster needs for it; nothing where no instance asks for it."""
    if not any(instance.failback == "automatic" for instance in cluster.instances):
        return {}
    return {AGENT: File(fill("tuchanka.helpers", "caught_up.sh.j2"), mode=0o755)}


def failback_lines(cluster: Cluster, instance: Instance, timing: Timing) -> str:
    """Return the end of the instance's pcs script, empty for ``wait``."""
    if instance.failback != "automatic":
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
