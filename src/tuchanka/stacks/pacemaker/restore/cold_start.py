"""Starts a cluster of which no copy serves: the most advanced copy of each instance is the one that is promoted."""

from tuchanka.errors import LabError
from tuchanka.instance_paths import InstancePaths
from tuchanka.lab.lab import Deployment
from tuchanka.lab.progress import Progress
from tuchanka.postgres.recover import recover
from tuchanka.providers.base import Node
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.operate import start_node, stop_node
from tuchanka.stacks.pacemaker.render.paths import CIB
from tuchanka.stacks.pacemaker.restore.cold_plan import ColdPlan, Found, make_cold_plan
from tuchanka.stacks.pacemaker.restore.copy_facts import look_at_copy
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together

# PAF gives the best standby of a running primary this much.
BEST_SCORE = 1000


async def plan(lab: Deployment, cluster: Cluster) -> ColdPlan:
    """Look at every copy of the cluster; its machines have to be on.

    Raises:
        LabError: an instance has no data anywhere.
    """
    found: dict[tuple[str, str], Found] = {}

    async def one(instance: str, node: str) -> None:
        seen = await look_at_copy(lab.machine(node), InstancePaths(cluster.postgresql, instance))
        found[instance, node] = Found() if seen.half_rewound else Found(seen.data, seen.log)

    keys = [(instance.name, node) for instance in cluster.instances for node in instance.nodes]
    await together(*(one(*key) for key in keys))
    for instance in cluster.instances:
        if all(found[instance.name, node].data is None for node in instance.nodes):
            raise LabError(
                f"{instance.name} has no data that can be trusted on any node",
                where=cluster.name,
                hint=f"'tuchanka restore {cluster.name} --from-archive'"
                if lab.topology.archive and instance.archive
                else "go back to a snapshot with 'tuchanka rollback'",
            )
    return make_cold_plan(cluster, {key: found[key] for key in keys})


async def carry_out(lab: Deployment, cluster: Cluster, cold: ColdPlan, progress: Progress) -> None:
    """Stop what runs, recover what crashed, make the scores say what was chosen, and start the first nodes.

    May be repeated: nothing of it takes effect before the start, and the next look sees the same.
    """
    state = await observe(lab, cluster)
    running = [node.name for node in state.nodes if node.stack_running]
    if running:
        with progress.step("stop", cluster.name):
            await together(*(stop_node(cluster, lab.machine(name)) for name in running))
    for name, why in cold.why.items():
        with progress.step("restore", cold.best[name]) as note:
            note(f"{name}: goes first: {why}")
            await together(
                *(
                    recover(lab.machine(node), InstancePaths(cluster.postgresql, name))
                    for instance, node in cold.recover
                    if instance == name
                )
            )
    with progress.step("start", cluster.name):
        await together(*(set_scores(machine, cluster, cold) for machine in lab.nodes(cluster)))
        await together(*(start_node(cluster, lab.machine(name)) for name in cold.start))


async def set_scores(machine: Node, cluster: Cluster, cold: ColdPlan) -> None:
    """Write into the stopped node's configuration whom Pacemaker shall promote; all nodes get the same.

    PAF stores its scores until they are deleted, and that of a node that was primary before a failover may be the
    highest.
    """
    lines = [f"export CIB_file={CIB}", "cd /"]
    for instance in cluster.instances:
        for node in instance.nodes:
            best = cold.best[instance.name] == node
            change = f"--update {BEST_SCORE}" if best else "--delete"
            # Before the cluster's first start the configuration knows no nodes, and there are no scores.
            lines.append(
                f"! grep -q 'uname=\"{node}\"' {CIB} || "
                f"crm_attribute --lifetime=forever --node {node} --name master-{instance.name} {change} || exit"
            )
    await machine.run(["sh"], stdin="\n".join(lines).encode())
