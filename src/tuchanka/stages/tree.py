"""Everything that is rendered of a topology, in one tree."""

from tuchanka.files import File
from tuchanka.lab.system import system_files
from tuchanka.postgres.config import instance_files
from tuchanka.services import registry
from tuchanka.stacks.pacemaker.render import helpers
from tuchanka.stacks.pacemaker.render.archive import archive_files
from tuchanka.stacks.pacemaker.render.commands import command_files
from tuchanka.stacks.pacemaker.render.fencing import fencing_files
from tuchanka.stacks.pacemaker.render.pcs import scripts
from tuchanka.stacks.pacemaker.render.quorum import quorum_files, witness_files
from tuchanka.stacks.pacemaker.timing.derive import timing_of
from tuchanka.topology.types import Topology


def machine_files(topology: Topology, machine: str) -> dict[str, File]:
    """Return path → file of one machine, without its secrets."""
    files = system_files(topology, topology.machine(machine)) | registry.files(topology, machine)
    if topology.witness is not None and machine == topology.witness.name:
        return files | witness_files()
    if not topology.is_node(machine):
        return files
    cluster = topology.cluster_of(machine)
    timing = timing_of(topology, cluster)
    files |= quorum_files(topology, cluster, timing) | helpers.files(cluster, timing)
    files |= command_files(cluster, machine) | fencing_files(cluster, machine)
    files |= archive_files(topology, cluster, machine, timing)
    for instance in cluster.instances:
        if machine in instance.nodes:
            files |= instance_files(topology, cluster, instance, machine, timing)
    return files


def tree(topology: Topology) -> dict[str, str]:
    """Return relative path → text: ``nodes/NODE/…`` as on the node, ``pcs/CLUSTER/…`` the scripts."""
    files = {
        f"nodes/{machine.name}{path}": file.content
        for machine in topology.machines
        for path, file in machine_files(topology, machine.name).items()
    }
    for cluster in topology.clusters:
        files |= {f"pcs/{cluster.name}/{name}": text for name, text in scripts(topology, cluster).items()}
    return files
