"""One object of the archive is wrong on the store's disk."""

import time

from tuchanka.errors import MachineError
from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.inside import run_inside
from tuchanka.faults.inside.store_object import NOT_NOTICED, NOTHING_TO_DAMAGE
from tuchanka.faults.services import stores, switched_on
from tuchanka.instance_paths import PG_SOCKETS
from tuchanka.providers.base import Machine, Power, Runner

WHY = {
    NOTHING_TO_DAMAGE: "the store has no log of an archive",
    NOT_NOTICED: "the store serves a damaged object as if it were sound",
}
DONE_S = 120.0


async def corrupt(target: Target) -> float:
    """Damage the newest file of the log in the archive, and see that the store notices when it is read.

    Raises:
        MachineError: the store has no such file, or doesn't notice.
    """
    for machine in target.machines:
        await _tell(machine, "damage")
    return time.monotonic()


async def forget(target: Target) -> None:
    """Delete the damaged object, and have the keepers look again at all since the last backup; safe to repeat.

    Nothing brings the object back, but the primary may still have the file, and gives it to the archive then;
    otherwise its keeper makes a new backup.
    """
    forgotten = False
    for machine in await switched_on(stores(target)):
        forgotten = bool((await _tell(machine, "forget")).strip()) or forgotten
    if not forgotten:
        return
    topology = target.lab.topology
    for cluster in topology.clusters:
        # Up to where the archive is whole, as a keeper remembers it.
        known = [f"{PG_SOCKETS}/{instance.name}.archive-whole" for instance in cluster.instances]
        for node in await switched_on(target.lab.nodes(cluster)):
            await node.run(["rm", "-f", *known])


async def _tell(machine: Machine, verb: str) -> str:
    done = await run_inside(machine, "store_object", verb, timeout=DONE_S)
    if done.status != 0:
        why = WHY.get(done.status) or done.stderr.strip().rpartition("\n")[2] or "it doesn't say why"
        raise MachineError(f"can't {verb} an object: {why}", where=machine.name, hint="see 'tuchanka archive status'")
    return done.stdout


FAULTS = (
    Fault(
        name="store-corrupted",
        family="services",
        scope="service",
        needs=(Runner.__name__, Power.__name__),
        does="changes a byte of the newest file of the log in the archive, on the store's disk, and reads it",
        expect="archiving goes on; once the object is deleted, the primary archives it again, or a backup is made",
        proves="that damage in the store is noticed, stops nothing, and is made up for",
        apply=corrupt,
        heal=forget,
        heal_rank=HealRank.DATA,
        predicts="unnoticed",
    ),
)
