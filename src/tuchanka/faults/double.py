"""Double faults: the primary is lost while the cluster has not got over the loss of a standby."""

import asyncio
import contextlib

from tuchanka.errors import LabError, TuchankaError
from tuchanka.faults.fault import Fault, Scene
from tuchanka.faults.network import one_copy
from tuchanka.faults.power import power_on
from tuchanka.faults.survival import serves
from tuchanka.lab.progress import Silent
from tuchanka.lab.stack import primary_of
from tuchanka.providers.base import Power
from tuchanka.topology.types import Cluster
from tuchanka.waiting import wait_until

# The restore has begun with its work on the node, and can't have ended.
INTO_RESTORE_S = 1.0
# Until the others are sure that the standby is fenced.
LOST_S = 90.0


async def _pair(scene: Scene, cluster: Cluster) -> tuple[str, str]:
    """Return the first standby and the primary of the scene's instance, or of the cluster's first."""
    instance = scene.instance or cluster.instances[0]
    roles = await scene.lab.stack.roles(scene.lab, cluster, instance)
    standby = next((node for node, role in roles.items() if role == "standby"), None)
    primary = primary_of(roles)
    if standby is None or primary is None:
        missing = "standby" if primary else "primary"
        raise LabError(f"{instance.name} has no {missing}", where=cluster.name, hint="see 'tuchanka status'")
    return standby, primary


async def _lose_standby(scene: Scene, cluster: Cluster) -> tuple[str, str]:
    standby, primary = await _pair(scene, cluster)
    await scene.lab.machine(standby).power_off()

    async def settled() -> bool:
        return await scene.lab.stack.is_lost(scene.lab, cluster, standby)

    hint = "'tuchanka status' shows the whole"
    await wait_until(settled, deadline_s=LOST_S, interval_s=0.3, what=f"the end of {standby}", hint=hint)
    return standby, primary


async def standby_then_primary(scene: Scene) -> float:
    """Cut a standby's power, wait until the cluster has settled, and cut the primary's; returns when that went."""
    (cluster,) = scene.clusters
    _, primary = await _lose_standby(scene, cluster)
    return await scene.lab.machine(primary).power_off()


async def primary_during_restore(scene: Scene) -> float:
    """Lose a standby, begin to restore it, and cut the primary's power meanwhile; returns when that went."""
    (cluster,) = scene.clusters
    standby, primary = await _lose_standby(scene, cluster)
    restore = await scene.lab.stack.plan_restore(scene.lab, cluster, standby)
    work = asyncio.create_task(restore(Silent()))
    try:
        # Where the restore fails before that, its reason is the trial's.
        await asyncio.wait({work}, timeout=INTO_RESTORE_S)
        if work.done():
            work.result()
        return await scene.lab.machine(primary).power_off()
    finally:
        # It fails as it must: what it was just doing to the primary, or asking of it, has come to nothing.
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError, TuchankaError):
            await work


def others_serve(scene: Scene) -> bool:
    """Say whether the cluster serves without its primary and one standby."""
    if scene.cluster is None or scene.instance is None:
        return True
    lost = [scene.primary, *(node for node in scene.instance.nodes if node != scene.primary)][:2]
    left = [node.name for node in scene.cluster.nodes if node.name not in lost]
    return serves(scene.cluster, scene.instance, left)


STANDBY_THEN_PRIMARY = Fault(
    name="standby-then-primary",
    family="double",
    scope="cluster",
    needs=(Power.__name__,),
    does="cuts a standby's power, and the primary's when the cluster has settled",
    expect="with nodes enough another standby serves; two nodes serve again after the healing",
    proves="what the second fault costs, and that nobody serves who has not got what was promised",
    apply=standby_then_primary,
    heal=power_on,
    returns=others_serve,
    unfit=one_copy,
)
PRIMARY_DURING_RESTORE = Fault(
    name="primary-during-restore",
    family="double",
    scope="cluster",
    needs=(Power.__name__,),
    does="loses a standby, begins to restore it, and cuts the primary's power meanwhile",
    expect="the half-restored node never becomes primary; with nodes enough another standby serves",
    proves="that a restore that is cut short leaves nothing that could be taken for good data",
    apply=primary_during_restore,
    heal=power_on,
    returns=others_serve,
    unfit=one_copy,
)
FAULTS = (STANDBY_THEN_PRIMARY, PRIMARY_DURING_RESTORE)
