"""Faults of storage: data that is lost, can't be written, or is wrong, and a disk that hangs."""

import time
from collections.abc import Awaitable, Callable

from tuchanka.errors import LabError, MachineError
from tuchanka.faults.fault import Fault, Scene
from tuchanka.faults.survival import survives
from tuchanka.postgres.paths import InstancePaths
from tuchanka.postgres.psql import psql
from tuchanka.providers.base import DiskHang, Machine, Runner
from tuchanka.services.heartbeat import DATABASE
from tuchanka.topology.types import Instance
from tuchanka.waiting import together, wait_until

# A table of a hundred pages or so, which nobody else needs.
MAKE_TABLE = """\
CREATE EXTENSION IF NOT EXISTS pg_buffercache;
CREATE TABLE IF NOT EXISTS tuchanka_damaged AS
    SELECT n, repeat('x', 500) AS text FROM generate_series(1, 1500) AS n;
CHECKPOINT;
"""
DROP_TABLE = "DROP TABLE IF EXISTS tuchanka_damaged"
WHERE = "SELECT pg_relation_filepath('tuchanka_damaged')"
EVICT = """\
SELECT count(pg_buffercache_evict(bufferid)) FROM pg_buffercache
    WHERE relfilenode = pg_relation_filenode('tuchanka_damaged')
"""
READ = "SELECT count(*) FROM tuchanka_damaged"
# Nothing to do unless the folder itself is immutable: the fault begins with it, so it ends the healing. Files come
# and go below it meanwhile, and one that has gone needs no healing.
WRITABLE = """\
lsattr -d "$1" 2>/dev/null | grep -q '^[^ ]*i' || exit 0
find "$1" -mindepth 1 -exec chattr -f -i '{}' +
chattr -i "$1"
"""
REPLAYED_S = 30.0


def copies(scene: Scene, machine: Machine) -> tuple[tuple[Instance, InstancePaths], ...]:
    """Return the instances that are meant on a machine, with their folders: the scene's, or all that it keeps."""
    topology = scene.lab.topology
    if scene.instance is not None:
        kept: tuple[Instance, ...] = (scene.instance,)
    else:
        kept = tuple(one for one in topology.cluster_of(machine.name).instances if machine.name in one.nodes)
    return tuple((one, InstancePaths(topology.postgresql_of(one.name), one.name)) for one in kept)


def on_data(command: str) -> Callable[[Scene], Awaitable[float]]:
    """Return the function that runs a shell command on the data directories (``"$@"``), and says when."""

    async def act(scene: Scene) -> float:
        async def one(machine: Machine) -> float:
            folders = [paths.data for _, paths in copies(scene, machine)]
            started = time.monotonic()
            await machine.run(["sh", "-c", command, "data", *folders])
            return started

        return min(await together(*(one(machine) for machine in scene.machines)))

    return act


async def ask(machine: Machine, instance: Instance, sql: str, *, check: bool = True) -> tuple[int, str]:
    """Run SQL in the heartbeat's database of a machine's own copy; return psql's status and what it wrote."""
    done = await psql(machine, instance.port, sql, database=DATABASE, timeout=30, check=check)
    return done.status, (done.stdout + done.stderr).strip()


async def corrupt(scene: Scene) -> float:
    """Make a table, overwrite one of its pages on the disk, and see that reading it says so; return when.

    Raises:
        LabError: the instance has no primary, so no table can be made.
        MachineError: the damage isn't noticed (checksums are off).
    """
    moments: list[float] = []
    for machine in scene.machines:
        for instance, paths in copies(scene, machine):
            await ask(await _primary(scene, machine, instance), instance, MAKE_TABLE)

            async def replayed(machine: Machine = machine, instance: Instance = instance) -> bool:
                return (await ask(machine, instance, READ, check=False))[1] == "1500"

            await wait_until(replayed, deadline_s=REPLAYED_S, what=f"the replay of a new table on {machine.name}")
            # On a standby this is a restartpoint, and it needs the primary's checkpoint, which has just been.
            await ask(machine, instance, "CHECKPOINT")
            _, path = await ask(machine, instance, WHERE)
            damage = (
                f"dd if=/dev/urandom of='{paths.data}/{path}' bs=8192 seek=1 count=1 conv=notrunc,fsync status=none"
            )
            await machine.run(["sh", "-c", damage])
            moments.append(time.monotonic())
            await ask(machine, instance, EVICT)
            status, text = await ask(machine, instance, READ, check=False)
            if status == 0 or "invalid page" not in text:
                raise MachineError(
                    f"{instance.name} reads a damaged table as if it were sound",
                    where=machine.name,
                    hint="its data has no checksums: make the lab again",
                )
    return min(moments)


async def _primary(scene: Scene, machine: Machine, instance: Instance) -> Machine:
    """Return the machine with the primary.

    Raises:
        LabError: there is none.
    """
    nodes = scene.lab.nodes(scene.lab.topology.cluster_of(machine.name))
    for node in nodes:
        if node.name in instance.nodes and await node.power_state() == "on":
            status, text = await ask(node, instance, "SELECT pg_is_in_recovery()", check=False)
            if status == 0 and text == "f":
                return node
    raise LabError(f"{instance.name} has no primary", where=machine.name, hint="see 'tuchanka status'")


async def hang_disk(scene: Scene) -> float:
    """Let the data disks of the machines hang."""
    return min(await together(*(machine.hang_disk() for machine in scene.machines)))


async def release_disk(scene: Scene) -> None:
    """Let the data disks of the machines go on."""
    await together(*(machine.release_disk() for machine in scene.machines))


async def heal(scene: Scene) -> None:
    """Let data directories be written again, and drop the damaged table. Data that is lost is the restore's."""

    async def one(machine: Machine) -> None:
        if not scene.lab.topology.is_node(machine.name):
            return
        if await machine.power_state() == "off":
            return
        await machine.wait_ready()  # a fault may have reset it
        for instance, paths in copies(scene, machine):
            await machine.run(["sh", "-c", WRITABLE, "writable", paths.data])
            try:
                primary = await _primary(scene, machine, instance)
            except LabError:
                continue  # nobody can read the table either
            await ask(primary, instance, DROP_TABLE)

    await together(*(one(machine) for machine in scene.machines))


FAULTS = (
    Fault(
        name="pgdata-lost",
        family="storage",
        scope="node",
        needs=(Runner.__name__,),
        does="removes the data directory while the server runs",
        expect="the primary's monitor can't write there, and the primary moves to another node",
        proves="that a primary without data is given up, and a node without any can be restored",
        apply=on_data('rm -rf "$@"'),
        heal=heal,
    ),
    Fault(
        name="pgdata-read-only",
        family="storage",
        scope="node",
        needs=(Runner.__name__,),
        does="makes every file and folder of the data directory immutable",
        expect="the server's next write fails; no more can the primary's monitor write, and it moves elsewhere",
        proves="that storage which refuses to write is noticed, also by a server that could still read",
        apply=on_data('chattr -R +i "$@"'),
        heal=heal,
    ),
    Fault(
        name="table-corrupted",
        family="storage",
        scope="node",
        needs=(Runner.__name__,),
        does="overwrites a page of a table made for that purpose, on the disk, and reads it",
        expect="the read fails with a checksum error, and is counted; nobody else notices",
        proves="that wrong data isn't served, and that a damaged page doesn't bring the service down",
        apply=corrupt,
        heal=heal,
    ),
    Fault(
        name="data-disk-hung",
        family="storage",
        scope="node",
        needs=(DiskHang.__name__,),
        does="lets every write to the data disk wait, without an error, as storage that has gone silently",
        expect="the primary's monitor can't write in time; nothing there can be stopped, so the node is fenced",
        proves="that storage which neither works nor fails is noticed, though who waits for it can't be killed",
        apply=hang_disk,
        heal=release_disk,
        returns=survives,
    ),
)
