"""A BMC answers too late."""

from tuchanka.faults.fencing import POWER, Failure, alone, behaving, then_primary
from tuchanka.faults.fits import fenced_by_bmcs
from tuchanka.faults.survival import survives_without_device

SLOW = Failure(
    "bmc-slow",
    "lets a node's BMC take longer for an answer than any level of fencing waits",
    behaving("slow"),
    unfit=fenced_by_bmcs,
)

FAULTS = (
    alone(SLOW, proves="that nobody waits for a device that isn't needed"),
    then_primary(
        SLOW,
        POWER,
        expect="as after a power loss without a device: the others wait until the node's watchdog must have fired",
        proves="that the watchdog's time counts from when the device is asked, and not from its deadline",
        returns=survives_without_device,
        predicts="failover without device",
    ),
)
