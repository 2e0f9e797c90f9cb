"""A watchdog never fires."""

from tuchanka.faults.fault import Target
from tuchanka.faults.fencing import Failure, Loss, alone, restore_watchdogs, then_primary
from tuchanka.faults.fits import fenced_by_watchdogs
from tuchanka.faults.processes import apply
from tuchanka.faults.processes.corosync import PROGRAMS
from tuchanka.faults.survival import survives
from tuchanka.providers.base import Power, Runner, WatchdogFailure
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
# A node that is only cut off stops its server by itself: Pacemaker there sees that it has no quorum. Without corosync
# nothing on the node sees it, and the server goes on.
COROSYNC = Loss("kills corosync on the node", apply("kill", PROGRAMS[0]), (Runner.__name__, Power.__name__), "target")

FAULTS = (
    alone(DEAD, proves="that nobody notices a dead watchdog before it is needed"),
    then_primary(
        DEAD,
        COROSYNC,
        expect="with a device the node is switched off; with the watchdog alone it counts as fenced and runs on: "
        "two primaries",
        proves="what rests on the watchdog alone, and that a device before it needs none; the verdict shows the harm",
        returns=survives,
        predicts="failover",
    ),
)
