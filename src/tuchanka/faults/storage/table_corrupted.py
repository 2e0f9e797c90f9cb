"""A page of a table is wrong on the disk."""

import time

from tuchanka.errors import MachineError
from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.storage import NEEDS, ask, copies, heal, primary_machine
from tuchanka.providers.base import Machine
from tuchanka.topology.types import Instance
from tuchanka.waiting import wait_until

# A table of a hundred pages or so, which nobody else needs.
MAKE_TABLE = """\
CREATE EXTENSION IF NOT EXISTS pg_buffercache;
CREATE TABLE IF NOT EXISTS tuchanka_damaged AS
    SELECT n, repeat('x', 500) AS text FROM generate_series(1, 1500) AS n;
CHECKPOINT;
"""
WHERE = "SELECT pg_relation_filepath('tuchanka_damaged')"
EVICT = """\
SELECT count(pg_buffercache_evict(bufferid)) FROM pg_buffercache
    WHERE relfilenode = pg_relation_filenode('tuchanka_damaged')
"""
READ = "SELECT count(*) FROM tuchanka_damaged"
REPLAYED_S = 30.0


async def corrupt(target: Target) -> float:
    """Make a table, overwrite one of its pages on the disk, and see that reading it says so; return when.

    Raises:
        LabError: the instance has no primary, so no table can be made.
        MachineError: the damage isn't noticed (checksums are off).
    """
    moments: list[float] = []
    for machine in target.machines:
        for instance, paths in copies(target, machine):
            await ask(await primary_machine(target, machine, instance), instance, MAKE_TABLE)

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


FAULTS = (
    Fault(
        name="table-corrupted",
        family="storage",
        scope="node",
        needs=NEEDS,
        does="overwrites a page of a table made for that purpose, on the disk, and reads it",
        expect="the read fails with a checksum error, and is counted; nobody else notices",
        proves="that wrong data isn't served, and that a damaged page doesn't bring the service down",
        apply=corrupt,
        heal=heal,
        heal_rank=HealRank.DATA,
        predicts="unnoticed",
        exempt=("checksums",),
    ),
)
