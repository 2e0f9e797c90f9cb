"""A BMC says that it has switched its node off, and hasn't."""

from tuchanka.faults.fencing import NEIGHBOURS, Failure, alone, behaving, then_primary
from tuchanka.faults.fits import fenced_by_bmcs
from tuchanka.faults.survival import survives

LIES = Failure(
    "bmc-lies",
    "lets a node's BMC obey no command, and say 'off' once it was told to switch off",
    behaving("lies"),
    unfit=fenced_by_bmcs,
)

FAULTS = (
    alone(LIES, proves="that a lie does no harm as long as nobody asks"),
    then_primary(
        LIES,
        NEIGHBOURS,
        expect="a standby is promoted beside the old primary, until that one's watchdog ends it: two primaries",
        proves="that fencing is worth what the device's word is worth, and that the verdict shows the harm",
        returns=survives,
        predicts="failover",
    ),
)
