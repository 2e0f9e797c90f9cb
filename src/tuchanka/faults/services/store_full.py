"""The disk of the store is full."""

from tuchanka.faults.fault import Fault
from tuchanka.faults.resources import NEEDS, empty_disks, fill
from tuchanka.faults.services import UNNOTICED

FAULTS = (
    Fault(
        name="store-full",
        family="services",
        scope="service",
        needs=NEEDS,
        does="fills the store's data disk to the last block",
        expect=UNNOTICED,
        proves="that a store that refuses everything new costs the database nothing, and takes it when it has room",
        apply=fill("data"),
        heal=empty_disks,
        heal_rank=None,
        predicts="unnoticed",
    ),
)
