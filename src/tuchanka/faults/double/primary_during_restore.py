"""The primary is lost while a standby is restored."""

import asyncio
import contextlib

from tuchanka.errors import TuchankaError
from tuchanka.faults.double import lose_standby, others_serve
from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.fits import replicated
from tuchanka.faults.power import power_on
from tuchanka.lab.progress import Silent
from tuchanka.providers.base import Power

# The restore has begun with its work on the node, and can't have ended.
INTO_RESTORE_S = 1.0


async def primary_during_restore(target: Target) -> float:
    """Lose a standby, begin to restore it, and cut the primary's power meanwhile; returns when that went."""
    (cluster,) = target.clusters
    standby, primary = await lose_standby(target, cluster)
    restore = await target.lab.stack.plan_restore(target.lab, cluster, standby)
    work = asyncio.create_task(restore(Silent()))
    try:
        # Where the restore fails before that, its reason is the trial's.
        await asyncio.wait({work}, timeout=INTO_RESTORE_S)
        if work.done():
            work.result()
        return await target.lab.machine(primary).power_off()
    finally:
        # It fails as it must: what it was just doing to the primary, or asking of it, has come to nothing.
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError, TuchankaError):
            await work


FAULTS = (
    Fault(
        name="primary-during-restore",
        family="double",
        scope="cluster",
        needs=(Power.__name__,),
        does="loses a standby, begins to restore it, and cuts the primary's power meanwhile",
        expect="the half-restored node never becomes primary; with nodes enough another standby serves",
        proves="that a restore that is cut short leaves nothing that could be taken for good data",
        apply=primary_during_restore,
        heal=power_on,
        heal_rank=HealRank.POWER,
        returns=others_serve,
        unfit=replicated,
        gives_up="in turn",
    ),
)
