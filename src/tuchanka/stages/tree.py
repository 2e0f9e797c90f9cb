"""Everything that is rendered of a topology, in one tree."""

from tuchanka.files import File
from tuchanka.helpers.addresses import vip_files
from tuchanka.helpers.agent import agent_files
from tuchanka.helpers.failback import failback_files
from tuchanka.helpers.watch import watch_files
from tuchanka.lab.system import system_files
from tuchanka.postgres.config import instance_files
from tuchanka.stacks.pacemaker.render.commands import command_files
from tuchanka.stacks.pacemaker.render.pcs import cluster_script, instance_scripts
from tuchanka.stacks.pacemaker.render.quorum import quorum_files, witness_files
from tuchanka.stacks.pacemaker.timing.types import Timing
from tuchanka.topology.types import Cluster, Topology


def machine_files(topology: Topology, machine: str, timing: Timing) -> dict[str, File]:
    """Return path → file of one machine, without its secrets."""
    files = system_files(topology, topology.machine(machine))
    if topology.witness is not None and machine == topology.witness.name:
        return files | witness_files()
    cluster = topology.cluster_of(machine)
    files |= quorum_files(topology, cluster, timing) | agent_files(cluster, timing) | failback_files(cluster)
    files |= command_files(cluster, machine) | watch_files(timing) | vip_files(cluster)
    for instance in cluster.instances:
        if machine in instance.nodes:
            files |= instance_files(topology, cluster, instance, machine, timing)
    return files


def scripts(topology: Topology, cluster: Cluster, timing: Timing) -> dict[str, str]:
    """Return script name → text of a cluster, in the order in which they are to be run."""
    numbered = {"00-cluster.sh": cluster_script(cluster, timing)}
    for number, (name, text) in enumerate(instance_scripts(topology, cluster, timing).items(), 1):
        numbered[f"{number:02d}-{name}.sh"] = text
    return numbered


def tree(topology: Topology, timing: Timing) -> dict[str, str]:
    """Return relative path → text: ``nodes/NODE/…`` as on the node, ``pcs/CLUSTER/…`` the scripts."""
    files = {
        f"nodes/{machine.name}{path}": file.content
        for machine in topology.machines
        for path, file in machine_files(topology, machine.name, timing).items()
    }
    for cluster in topology.clusters:
        files |= {f"pcs/{cluster.name}/{name}": text for name, text in scripts(topology, cluster, timing).items()}
    return files
