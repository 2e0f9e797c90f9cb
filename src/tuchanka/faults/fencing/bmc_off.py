"""A BMC has no power."""

from tuchanka.faults.fencing import POWER, Failure, alone, behaving, then_primary
from tuchanka.faults.fits import fenced_by_bmcs
from tuchanka.faults.survival import survives_without_device

OFF = Failure("bmc-off", "takes the power of a node's BMC", behaving("off"), unfit=fenced_by_bmcs)

FAULTS = (
    alone(OFF, proves="that a dead device stops nothing before it is needed"),
    then_primary(
        OFF,
        POWER,
        expect="as after a power loss without a device: the others wait until the node's watchdog must have fired",
        proves="what a device that died with its node costs: not more than to have none",
        returns=survives_without_device,
        predicts="failover without device",
    ),
)
