"""The disk with the data hangs."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.survival import survives
from tuchanka.providers.base import DiskHang
from tuchanka.waiting import together


async def hang_disk(target: Target) -> float:
    """Let the data disks of the machines hang."""
    return min(await together(*(machine.hang_disk() for machine in target.machines)))


async def release_disk(target: Target) -> None:
    """Let the data disks of the machines go on."""
    await together(*(machine.release_disk() for machine in target.machines))


FAULTS = (
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
        heal_rank=HealRank.DISK,
        returns=survives,
        predicts="stuck stop",
    ),
)
