"""The setup of one cluster: certificates, instances, and the cluster's configuration, written before its first start.

The configuration is made in a file by the same pcs scripts an administrator would run, and put on every node. So the
first election already knows the short ``dc-deadtime``, instead of waiting out Pacemaker's default of 20 s.
"""

from pathlib import Path

from tuchanka.files import File
from tuchanka.lab.lab import Deployment, Lab
from tuchanka.providers.base import Node, make_ready
from tuchanka.stacks.pacemaker.render.paths import CIB
from tuchanka.stacks.pacemaker.render.pcs import scripts
from tuchanka.stacks.pacemaker.setup import instance as instances
from tuchanka.stacks.pacemaker.setup import pcs_scripts, qnetd
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together

SCRIPT_S = 120.0
WORK = "/root/pcs"


async def setup(lab: Lab, cluster: Cluster) -> None:
    """Make the cluster ready to be started; its nodes are shut down at the end."""
    nodes = lab.nodes(cluster)
    witness = lab.machine(lab.topology.witness.name) if cluster.witness and lab.topology.witness else None
    machines = (*nodes, witness) if witness else nodes
    await together(*map(make_ready, machines))
    certificates = [qnetd.enroll(witness, nodes, cluster)] if witness else []
    await together(
        write_configuration(lab, cluster, nodes),
        *certificates,
        *(instances.setup(lab, instance) for instance in cluster.instances),
    )
    await together(*(node.shut_down() for node in nodes))


async def write_configuration(lab: Deployment, cluster: Cluster, nodes: tuple[Node, ...]) -> None:
    """Run the pcs scripts on a file on the first node, and make that file every node's configuration."""
    first = nodes[0]
    rendered = scripts(lab.topology, cluster)
    runner = f"{WORK}/pcs_scripts.py"
    await first.put(
        {
            runner: File(Path(pcs_scripts.__file__).read_text(encoding="utf-8")),
            **{f"{WORK}/{name}": File(text, mode=0o755) for name, text in rendered.items()},
        }
    )
    file = f"{WORK}/cib.xml"
    await first.run(["sh", "-c", 'cibadmin --empty > "$1"', "sh", file])
    command = ["env", f"CIB={file}", "python3", runner, *(f"{WORK}/{name}" for name in rendered)]
    await first.run(command, timeout=SCRIPT_S * len(rendered))
    text = (await first.get(file)).decode()
    for node in nodes:
        await node.run(["sh", "-c", "rm -f /var/lib/pacemaker/cib/cib*"])
        await node.put({CIB: File(text, mode=0o600, owner="hacluster", group="haclient")})
