"""The disk with the data is full."""

from tuchanka.faults.fault import Fault
from tuchanka.faults.resources import NEEDS, empty_disks, fill

FAULTS = (
    Fault(
        name="data-disk-full",
        family="resources",
        scope="node",
        needs=NEEDS,
        does="fills the disk with the data directories to the last block",
        expect="the primary's monitor can't write, and the primary moves to another node",
        proves="that a primary which refuses every write doesn't stay one",
        apply=fill("data"),
        heal=empty_disks,
        heal_rank=None,
        predicts="move",
    ),
)
