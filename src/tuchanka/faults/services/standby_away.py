"""A standby is away for longer than the primary keeps log for it."""

from tuchanka.faults.fault import Fault, Target
from tuchanka.faults.fits import replicated
from tuchanka.faults.power import power_on
from tuchanka.faults.power.power_off import power_off
from tuchanka.faults.storage import ask, copies, primary_machine
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Machine, Power, Runner
from tuchanka.topology.types import Instance
from tuchanka.waiting import wait_until

# 16 MiB of log that can't be compressed to nothing. It belongs to no transaction, so no commit waits for a standby.
WRITE = """\
DO $$ BEGIN
    FOR i IN 1..16 LOOP
        PERFORM pg_logical_emit_message(false, 'tuchanka',
            (SELECT string_agg(md5(random()::text || i), '') FROM generate_series(1, 32768)));
    END LOOP;
END $$
"""
FILE = "SELECT right(pg_walfile_name(pg_current_wal_insert_lsn()), 16)"
CHUNKS = "SELECT 4 + ceil(pg_size_bytes(current_setting('wal_keep_size')) / 16777216.0)::int"
OLDEST = "SELECT min(right(name, 16)) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'"
# The first checkpoint still needs the log since the one before.
CHECKPOINT = "CHECKPOINT"
GONE_S = 180.0


async def stay_away(target: Target) -> float:
    """Cut a standby's power, and write on the primary until it has removed what the standby needs next."""
    went = await power_off(target)
    for machine in target.machines:
        for instance, _ in copies(target, machine):
            await outrun(await primary_machine(target, machine, instance), instance)
    return went


async def outrun(primary: Machine, instance: Instance) -> None:
    """Write log until the primary hasn't the file any more that it writes now."""
    _, file = await ask(primary, instance, FILE)
    _, chunks = await ask(primary, instance, CHUNKS)
    for _ in range(int(chunks)):
        await ask(primary, instance, WRITE)

    async def gone() -> bool:
        await ask(primary, instance, CHECKPOINT)
        return (await ask(primary, instance, OLDEST))[1] > file

    hint = "log that waits for the archive is kept: 'tuchanka archive status'"
    await wait_until(gone, deadline_s=GONE_S, interval_s=1.0, what=f"the removal of {file} there", hint=hint)


FAULTS = (
    Fault(
        name="standby-away",
        family="services",
        scope="node",
        needs=(Power.__name__, Runner.__name__),
        does="cuts a standby's power, and writes more log than the primary keeps for it (wal_keep_size)",
        expect="writes go on; the restore of the standby takes the log from the archive, and copies no data",
        proves="how long a standby takes to come back that can't catch up from the primary, and by which method",
        apply=stay_away,
        heal=power_on,
        heal_rank=None,
        returns=survives,
        unfit=replicated,
        role="standby",
    ),
)
