"""The resource agent of the instances: PAF's own, its order of standbys put right, with first aid in its monitor."""

from tuchanka.files import File
from tuchanka.stacks.pacemaker.timing.types import Timing
from tuchanka.templating import fill
from tuchanka.topology.types import Cluster

# pcs names it ocf:tuchanka:pgsqlms; the package's own, beside it, is ocf:heartbeat:pgsqlms.
AGENT = "/usr/lib/ocf/resource.d/tuchanka/pgsqlms"
FIRST_AID = "/usr/lib/ocf/resource.d/tuchanka/first_aid.pl"
# A walreceiver that works ends by itself after wal_receiver_timeout without a word from the primary.
SILENT_SLACK_S = 3


def agent_files(cluster: Cluster, timing: Timing) -> dict[str, File]:
    """Return path → file of the agent, the same on every node. ``AGENT check`` fails where it can't mend PAF's."""
    addresses = {instance.name: instance.primary_vip.address for instance in cluster.instances}
    silent_s = timing.wal_receiver_timeout_ms // 1000 + SILENT_SLACK_S
    aid = fill(
        "tuchanka.helpers",
        "first_aid.pl.j2",
        hang_s=timing.hang_timeout_s,
        again_s=timing.first_aid_again_s,
        silent_s=silent_s,
    )
    return {
        AGENT: File(fill("tuchanka.helpers", "pgsqlms.pl.j2", addresses=addresses), mode=0o755),
        FIRST_AID: File(aid),
    }
