"""A BMC answers, and obeys no command."""

from tuchanka.faults.fencing import LINK, Failure, alone, behaving, then_primary
from tuchanka.faults.fits import fenced_by_bmcs
from tuchanka.faults.survival import survives_without_device

REFUSES = Failure(
    "bmc-refuses",
    "lets a node's BMC tell the truth and refuse every command",
    behaving("refuses"),
    unfit=fenced_by_bmcs,
)

FAULTS = (
    alone(REFUSES, proves="that a right that was taken from the agent's user shows in no service"),
    # Of a node without power it would say, truly, that it is off: then there is nothing to refuse.
    then_primary(
        REFUSES,
        LINK,
        expect="the node is cut off, and resets itself; the others wait until its watchdog must have fired",
        proves="that a refusal is no fencing, and costs not more than to have no device",
        returns=survives_without_device,
        predicts="failover without device",
    ),
)
