"""The disk with the system is full."""

from tuchanka.faults.fault import Fault
from tuchanka.faults.resources import NEEDS, empty_disks, fill

FAULTS = (
    Fault(
        name="root-disk-full",
        family="resources",
        scope="node",
        needs=NEEDS,
        does="fills the disk with the system to the last block",
        expect="nobody notices: neither the database nor the cluster stack needs it to go on",
        proves="that the service doesn't hang on logs and temporary files",
        apply=fill("root"),
        heal=empty_disks,
        heal_rank=None,
        predicts="unnoticed",
    ),
)
