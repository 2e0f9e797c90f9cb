"""Does the steps of a restore, one at a time; each can be repeated, also when it was killed half-way."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from tuchanka.archive.restore import delta_restore
from tuchanka.errors import LabError, MachineError
from tuchanka.instance_paths import InstancePaths
from tuchanka.lab.lab import Deployment
from tuchanka.lab.progress import Note
from tuchanka.postgres.base_backup import BACKUP_S
from tuchanka.postgres.rewind import rewind, tidy
from tuchanka.providers.base import Node
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.operate import HEALTHY_S, start_node, stop_node
from tuchanka.stacks.pacemaker.restore.data_steps import change_data, copy_data
from tuchanka.stacks.pacemaker.restore.method import size
from tuchanka.stacks.pacemaker.restore.plan import RestoreStep
from tuchanka.topology.types import Cluster, Instance
from tuchanka.waiting import wait_until


async def do(lab: Deployment, cluster: Cluster, node: str, step: RestoreStep, note: Note) -> None:
    """Do one step; ``note`` is told how far a long one is."""
    machine = lab.machine(node)
    match step.action:
        case "stop-cluster":
            await stop_node(cluster, machine)
        case "start-cluster":
            await start_node(cluster, machine)
        case _:
            await _do(lab, cluster, machine, step, note)


async def _do(lab: Deployment, cluster: Cluster, machine: Node, step: RestoreStep, note: Note) -> None:
    instance = cluster.instance(step.instance)
    paths = InstancePaths(cluster.postgresql, instance.name)
    match step.action:
        case "rewind":
            source = await _primary(lab, cluster, instance)
            archived = lab.topology.archive is not None and instance.archive
            address = _address(lab, source)
            await rewind(machine, lab.machine(source), paths, address=address, port=instance.port, archived=archived)
        case "delta":
            await delta_restore(machine, paths)
        case "base-backup":
            source = await _primary(lab, cluster, instance)
            work = copy_data(machine, paths, primary=_address(lab, source), port=instance.port)
            await _watched(work, machine, paths.copying, note)
            note(step.text)
            await tidy(machine, lab.machine(source), paths, instance.port)
        case "forget-score" | "clean-up":
            await _tell_pacemaker(lab, cluster, machine.name, step)
        case "drop-old":
            await _wait_streaming(lab, cluster, machine, instance, note)
            await change_data(machine, paths, step.action)
            note(f"{instance.name}: the standby streams, the old data is deleted")
        case _:
            await change_data(machine, paths, step.action)


def _address(lab: Deployment, node: str) -> str:
    return str(lab.topology.machine(node).address)


async def _primary(lab: Deployment, cluster: Cluster, instance: Instance) -> str:
    primary = (await observe(lab, cluster)).instance(instance.name).primary
    if primary is None:
        raise LabError(
            f"{instance.name} has no primary any more", where=cluster.name, hint="see 'tuchanka status' for why"
        )
    return primary


async def _tell_pacemaker(lab: Deployment, cluster: Cluster, node: str, step: RestoreStep) -> None:
    command = (
        # PAF stores its scores until they are deleted; a stale one could win an election.
        ["crm_attribute", "--lifetime=forever", "--node", node, "--name", f"master-{step.instance}", "--delete"]
        if step.action == "forget-score"
        else ["crm_resource", "--cleanup", "--resource", step.instance, "--node", node]
    )
    await lab.machine(await _primary(lab, cluster, cluster.instance(step.instance))).run(command)


async def _wait_streaming(lab: Deployment, cluster: Cluster, machine: Node, instance: Instance, note: Note) -> None:
    async def streams() -> bool:
        copy = (await observe(lab, cluster)).instance(instance.name).copy(machine.name)
        note(f"{instance.name}: {(copy and copy.state) or 'not streaming yet'}")
        return copy is not None and copy.state == "streaming"

    await wait_until(
        streams,
        deadline_s=HEALTHY_S,
        interval_s=0.3,
        what=f"{instance.name} streaming on {machine.name}",
        hint="the old data stays where it is; restore again later",
    )


async def _watched(work: Coroutine[Any, Any, None], machine: Node, folder: str, note: Note) -> None:
    """Do the work, and tell how much is in the folder meanwhile."""

    async def report() -> bool:
        done = await machine.run(["du", "-sb", folder], check=False)
        if done.stdout:
            note(f"{size(int(done.stdout.split()[0]))} copied")
        return False

    reports = asyncio.create_task(wait_until(report, deadline_s=BACKUP_S, interval_s=1, what="the end of the copy"))
    try:
        await work
    finally:
        reports.cancel()
        # Whatever keeps the reports from being made is no reason to give up the copy.
        with contextlib.suppress(asyncio.CancelledError, MachineError, LabError):
            await reports
