"""A watchdog never fires."""

from tuchanka.faults.fault import Target
from tuchanka.faults.fencing import NEIGHBOURS, Failure, alone, restore_watchdogs, then_primary
from tuchanka.faults.fits import fenced_by_watchdogs
from tuchanka.faults.survival import survives
from tuchanka.providers.base import WatchdogFailure
from tuchanka.waiting import together


async def disable(target: Target) -> float:
    """Let the watchdogs of the target's machines be fed, and never fire."""
    return min(await together(*(machine.disable_watchdog() for machine in target.machines)))


DEAD = Failure(
    "watchdog-dead",
    "lets a node's watchdog take what feeds it, and never fire",
    disable,
    (WatchdogFailure.__name__,),
    fenced_by_watchdogs,
    restore_watchdogs,
)
FAULTS = (
    alone(DEAD, proves="that nobody notices a dead watchdog before it is needed"),
    then_primary(
        DEAD,
        NEIGHBOURS,
        expect="with a device the node is switched off; with the watchdog alone it counts as fenced and runs on",
        proves="what rests on the watchdog alone, and that a device before it needs none; the verdict shows the harm",
        returns=survives,
        predicts="failover",
    ),
)
