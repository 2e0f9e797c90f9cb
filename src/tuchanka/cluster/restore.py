"""Brings a failed node back as a standby: looks, plans, and does what was planned."""

from tuchanka.cluster.controldata import parse_controldata, parse_history
from tuchanka.cluster.observe import observe
from tuchanka.cluster.operate import start_node, stop_node, wait_healthy
from tuchanka.cluster.restore_plan import Seen, Step, make_plan
from tuchanka.cluster.state import ClusterState
from tuchanka.errors import UnknownName
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Progress
from tuchanka.render.layout import InstancePaths
from tuchanka.stages.instances import base_backup, psql
from tuchanka.topology.types import Cluster, Instance

SQL = (
    "select timeline_id, pg_current_wal_lsn(), "
    "pg_read_file('pg_wal/' || lpad(upper(to_hex(timeline_id)), 8, '0') || '.history', true) "
    "from pg_control_checkpoint()"
)


async def plan(lab: Lab, cluster: Cluster, node: str, instance: str | None, *, force: bool) -> tuple[Step, ...]:
    """Look at the node and the primaries and return the steps; nothing is changed, but the node is switched on.

    Raises:
        RestoreRefused, LabError: see ``restore_plan``.
        UnknownName: the node doesn't keep the instance.
    """
    kept = [one for one in cluster.instances if node in one.nodes]
    chosen = [one for one in kept if instance in (None, one.name)]
    if not chosen:
        raise UnknownName("instance", str(instance), [one.name for one in kept])
    await lab.machine(node).power_on()
    state = await observe(lab, cluster)
    return make_plan(tuple([await look(lab, one, node, state) for one in chosen]), node, force=force)


async def look(lab: Lab, instance: Instance, node: str, state: ClusterState) -> Seen:
    """See one instance on the failed node and on its primary."""
    paths = InstancePaths(lab.topology.postgresql, instance.name)
    machine = lab.machine(node)
    control = await machine.run([f"{paths.programs}/pg_controldata", "-D", paths.data], check=False)
    copy = state.instance(instance.name).copy(node)
    primary = state.instance(instance.name).primary
    timeline, position, history = 0, "0/0", ""
    if primary and primary != node:
        answer = await psql(lab.machine(primary), instance, "postgres", SQL)
        timeline_text, position, history = answer.strip().split("|", 2)
        timeline = int(timeline_text)
    return Seen(
        instance=instance.name,
        node=node,
        primary=primary,
        streaming=copy is not None and copy.role == "standby" and copy.state == "streaming",
        stack_running=state.node(node).stack_running,
        data=parse_controldata(control.stdout, where=node) if control.status == 0 else None,
        primary_timeline=timeline,
        primary_position=position,
        history=parse_history(history),
    )


async def carry_out(lab: Lab, cluster: Cluster, node: str, steps: tuple[Step, ...], progress: Progress) -> None:
    """Do the steps, then wait until the node's copies are healthy; after a failure a new plan goes on from there."""
    for step in steps:
        with progress.step("restore", node) as note:
            note(step.text)
            await do(lab, cluster, node, step)
    with progress.step("healthy", cluster.name) as note:
        await wait_healthy(lab, cluster, note=note)


async def do(lab: Lab, cluster: Cluster, node: str, step: Step) -> None:
    """Do one step; each can be repeated."""
    machine = lab.machine(node)
    match step.action:
        case "stop-cluster":
            await stop_node(cluster, machine)
        case "start-cluster":
            await start_node(cluster, machine)
        case "base-backup":
            instance = cluster.instance(step.instance)
            paths = InstancePaths(lab.topology.postgresql, instance.name)
            state = await observe(lab, cluster)
            source = lab.topology.machine(str(state.instance(instance.name).primary))
            await base_backup(machine, paths, str(source.address), instance.port)
        case "forget-score" | "clean-up":
            state = await observe(lab, cluster)
            primary = str(state.instance(step.instance).primary)
            command = (
                # PAF stores its scores for ever; a stale one could win an election.
                [
                    "crm_attribute",
                    "--lifetime=forever",
                    "--node",
                    node,
                    "--name",
                    f"master-{step.instance}",
                    "--delete",
                ]
                if step.action == "forget-score"
                else ["crm_resource", "--cleanup", "--resource", step.instance, "--node", node]
            )
            await lab.machine(primary).run(command)
