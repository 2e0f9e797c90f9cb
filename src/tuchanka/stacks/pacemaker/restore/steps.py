"""Does the steps of a restore, one at a time; each can be repeated, also when it was killed half-way."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from tuchanka.errors import LabError, MachineError
from tuchanka.lab.lab import Deployment
from tuchanka.lab.progress import Note
from tuchanka.postgres.recover import recover
from tuchanka.postgres.rewind import rewind, tidy
from tuchanka.providers.base import Node
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.operate import HEALTHY_S, start_node, stop_node
from tuchanka.stacks.pacemaker.render.paths import InstancePaths
from tuchanka.stacks.pacemaker.restore.look import old_data, rewinding
from tuchanka.stacks.pacemaker.restore.method import size
from tuchanka.stacks.pacemaker.restore.plan import Step
from tuchanka.stacks.pacemaker.setup.instance import BACKUP_S, base_backup
from tuchanka.topology.types import Cluster, Instance
from tuchanka.waiting import wait_until


async def do(lab: Deployment, cluster: Cluster, node: str, step: Step, note: Note) -> None:
    """Do one step; ``note`` is told how far a long one is."""
    machine = lab.machine(node)
    match step.action:
        case "stop-cluster":
            await stop_node(cluster, machine)
        case "start-cluster":
            await start_node(cluster, machine)
        case _:
            await _do(lab, cluster, machine, step, note)


async def _do(lab: Deployment, cluster: Cluster, machine: Node, step: Step, note: Note) -> None:
    instance = cluster.instance(step.instance)
    paths = InstancePaths(cluster.postgresql, instance.name)
    old = old_data(paths)
    match step.action:
        case "stop-server":
            command = [f"{paths.programs}/pg_ctl", "stop", "-D", paths.data, "-m", "fast", "-w", "-s"]
            await machine.run(command, user="postgres", timeout=BACKUP_S)
        case "restart":
            # What killed restores left half made; and whoever starts it gets a standby, never a second primary.
            await machine.run(["rm", "-rf", f"{paths.data}.copying", f"{old}.half"], timeout=BACKUP_S)
            await machine.run(["touch", f"{paths.data}/standby.signal"], user="postgres")
        case "recover":
            await recover(machine, paths)
        case "keep-copy":
            copy = 'rm -rf "$2.half" && cp -a --reflink=auto "$1" "$2.half" && mv "$2.half" "$2"'
            await machine.run(["sh", "-c", copy, "sh", paths.data, old], timeout=BACKUP_S)
        case "delete-data":
            await machine.run(["rm", "-rf", paths.data], timeout=BACKUP_S)
        case "rewind":
            await rewind(lab, instance, machine.name, await _primary(lab, cluster, instance))
        case "base-backup":
            primary = await _primary(lab, cluster, instance)
            work = base_backup(machine, paths, str(lab.topology.machine(primary).address), instance.port)
            await _watched(work, machine, f"{paths.data}.copying", note)
            note(step.text)
            await tidy(lab, instance, machine.name, primary)
            await machine.run(["rm", "-f", rewinding(paths)])
        case "drop-old":
            await _drop(lab, cluster, machine, instance, old, note)
        case _:
            await _tell_pacemaker(lab, cluster, machine.name, step)


async def _primary(lab: Deployment, cluster: Cluster, instance: Instance) -> str:
    primary = (await observe(lab, cluster)).instance(instance.name).primary
    if primary is None:
        raise LabError(
            f"{instance.name} has no primary any more", where=cluster.name, hint="see 'tuchanka status' for why"
        )
    return primary


async def _tell_pacemaker(lab: Deployment, cluster: Cluster, node: str, step: Step) -> None:
    command = (
        # PAF stores its scores for ever; a stale one could win an election.
        ["crm_attribute", "--lifetime=forever", "--node", node, "--name", f"master-{step.instance}", "--delete"]
        if step.action == "forget-score"
        else ["crm_resource", "--cleanup", "--resource", step.instance, "--node", node]
    )
    await lab.machine(await _primary(lab, cluster, cluster.instance(step.instance))).run(command)


async def _drop(lab: Deployment, cluster: Cluster, machine: Node, instance: Instance, old: str, note: Note) -> None:
    """Wait until the standby streams, and only then delete what was kept."""

    async def streams() -> bool:
        copy = (await observe(lab, cluster)).instance(instance.name).copy(machine.name)
        note(f"{instance.name}: {(copy and copy.state) or 'not streaming yet'}")
        return copy is not None and copy.state == "streaming"

    await wait_until(
        streams,
        deadline_s=HEALTHY_S,
        interval_s=0.3,
        what=f"{instance.name} streaming on {machine.name}",
        hint=f"the old data stays in {old}; restore again later",
    )
    await machine.run(["rm", "-rf", old, f"{old}.half"], timeout=BACKUP_S)
    note(f"{instance.name}: the standby streams, the old data is deleted")


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
