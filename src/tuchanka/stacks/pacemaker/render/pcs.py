"""The pcs scripts: what an administrator could run by hand, once for the cluster and once for each instance.

Each works on the live cluster or, with ``CIB=file`` in the environment, on a configuration in a file, which is how
the setup stage uses them.
"""

from tuchanka.helpers.files import agent
from tuchanka.instance_paths import PG_SOCKETS, InstancePaths
from tuchanka.stacks.pacemaker.render import fencing
from tuchanka.stacks.pacemaker.render.helpers import failback_lines
from tuchanka.stacks.pacemaker.timing.derive import timing_of
from tuchanka.stacks.pacemaker.timing.types import Timing
from tuchanka.templating import fill
from tuchanka.topology.types import Cluster, Topology


def cluster_script(cluster: Cluster, timing: Timing) -> str:
    """Return the script that sets the cluster's properties."""
    return fill("tuchanka.stacks.pacemaker.render", "pcs_cluster.sh.j2", cluster=cluster, timing=timing)


def instance_scripts(topology: Topology, cluster: Cluster, timing: Timing) -> dict[str, str]:
    """Return instance → the script that makes its resources and constraints."""
    return {
        instance.name: fill(
            "tuchanka.stacks.pacemaker.render",
            "pcs_instance.sh.j2",
            cluster=cluster,
            instance=instance,
            absent=[node.name for node in cluster.nodes if node.name not in instance.nodes],
            paths=InstancePaths(cluster.postgresql, instance.name),
            sockets=PG_SOCKETS,
            prefix=topology.network.subnet.prefixlen,
            agent=agent(timing.helpers),
            timing=timing,
        )
        + failback_lines(cluster, instance, timing)
        for instance in cluster.instances
    }


def scripts(topology: Topology, cluster: Cluster) -> dict[str, str]:
    """Return script name → text of a cluster, in the order in which they are to be run."""
    timing = timing_of(topology, cluster)
    numbered = {"00-cluster.sh": cluster_script(cluster, timing)}
    if cluster.fencing.device:
        numbered["00-fencing.sh"] = fencing.script(cluster, timing)
    for number, (name, text) in enumerate(instance_scripts(topology, cluster, timing).items(), 1):
        numbered[f"{number:02d}-{name}.sh"] = text
    return numbered
