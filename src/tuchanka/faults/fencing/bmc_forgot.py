"""A BMC answers for a node that isn't its own any more."""

from tuchanka.faults.fencing import NEIGHBOURS, Failure, alone, behaving, then_primary
from tuchanka.faults.fits import fenced_by_bmcs
from tuchanka.faults.survival import survives

FORGOT = Failure(
    "bmc-forgot",
    "lets a node's BMC say 'off' whatever the node does, as one whose node was moved to another slot",
    behaving("forgot"),
    unfit=fenced_by_bmcs,
)

FAULTS = (
    alone(FORGOT, proves="that a wrong answer does no harm as long as nobody asks"),
    then_primary(
        FORGOT,
        NEIGHBOURS,
        expect="the node counts as off unasked, and a standby is promoted beside it until its watchdog ends it",
        proves="that a node which is 'off already' must be known to be the right one; the verdict shows the harm",
        returns=survives,
        predicts="failover",
    ),
)
