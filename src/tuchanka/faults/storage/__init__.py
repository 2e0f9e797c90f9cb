"""Faults of storage: data that is lost, can't be written, or is wrong, and a disk that hangs."""

import time
from collections.abc import Awaitable, Callable

from tuchanka.errors import LabError
from tuchanka.faults.fault import Target
from tuchanka.instance_paths import InstancePaths
from tuchanka.postgres.psql import psql
from tuchanka.providers.base import Machine, Power, Runner
from tuchanka.services.heartbeat import DATABASE
from tuchanka.topology.types import Instance
from tuchanka.waiting import together

NEEDS = (Runner.__name__, Power.__name__)
DROP_TABLE = "DROP TABLE IF EXISTS tuchanka_damaged"
# Nothing to do unless the folder itself is immutable: the fault begins with it, so it ends the healing. Files come
# and go below it meanwhile, and one that has gone needs no healing.
WRITABLE = """\
lsattr -d "$1" 2>/dev/null | grep -q '^[^ ]*i' || exit 0
find "$1" -mindepth 1 -exec chattr -f -i '{}' +
chattr -i "$1"
"""


def copies(target: Target, machine: Machine) -> tuple[tuple[Instance, InstancePaths], ...]:
    """Return the instances that are meant on a machine, with their folders: the target's, or all that it keeps."""
    topology = target.lab.topology
    if target.instance is not None:
        kept: tuple[Instance, ...] = (target.instance,)
    else:
        kept = tuple(one for one in topology.cluster_of(machine.name).instances if machine.name in one.nodes)
    return tuple((one, InstancePaths(topology.postgresql_of(one.name), one.name)) for one in kept)


def on_data(command: str) -> Callable[[Target], Awaitable[float]]:
    """Return the function that runs a shell command on the data directories (``"$@"``), and says when."""

    async def act(target: Target) -> float:
        async def one(machine: Machine) -> float:
            folders = [paths.data for _, paths in copies(target, machine)]
            started = time.monotonic()
            await machine.run(["sh", "-c", command, "data", *folders])
            return started

        return min(await together(*(one(machine) for machine in target.machines)))

    return act


async def ask(machine: Machine, instance: Instance, sql: str, *, check: bool = True) -> tuple[int, str]:
    """Run SQL in the heartbeat's database of a machine's own copy; return psql's status and what it wrote."""
    done = await psql(machine, instance.port, sql, database=DATABASE, timeout=30, check=check)
    return done.status, (done.stdout + done.stderr).strip()


async def primary_machine(target: Target, machine: Machine, instance: Instance) -> Machine:
    """Return the machine with the primary.

    Raises:
        LabError: there is none.
    """
    nodes = target.lab.nodes(target.lab.topology.cluster_of(machine.name))
    for node in nodes:
        if node.name in instance.nodes and await node.power_state() == "on":
            status, text = await ask(node, instance, "SELECT pg_is_in_recovery()", check=False)
            if status == 0 and text == "f":
                return node
    raise LabError(f"{instance.name} has no primary", where=machine.name, hint="see 'tuchanka status'")


async def heal(target: Target) -> None:
    """Let data directories be written again, and drop the damaged table. Data that is lost is the restore's."""

    async def one(machine: Machine) -> None:
        if not target.lab.topology.is_node(machine.name):
            return
        if await machine.power_state() == "off":
            return
        await machine.wait_ready()  # a fault may have reset it
        for instance, paths in copies(target, machine):
            await machine.run(["sh", "-c", WRITABLE, "writable", paths.data])
            try:
                primary = await primary_machine(target, machine, instance)
            except LabError:
                continue  # nobody can read the table either
            await ask(primary, instance, DROP_TABLE)

    await together(*(one(machine) for machine in target.machines))
