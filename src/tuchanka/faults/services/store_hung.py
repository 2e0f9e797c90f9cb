"""The store takes connections, and answers none."""

from tuchanka.faults.fault import Fault, HealRank
from tuchanka.faults.machine.freeze_machine import pause, resume
from tuchanka.faults.services import UNNOTICED
from tuchanka.providers.base import Pause

FAULTS = (
    Fault(
        name="store-hung",
        family="services",
        scope="service",
        needs=(Pause.__name__,),
        does="freezes the machine with the store: its kernel takes connections, and nothing there answers",
        expect=UNNOTICED,
        proves="that whatever asks the store has a deadline of its own",
        apply=pause,
        heal=resume,
        heal_rank=HealRank.RUNNING,
        predicts="unnoticed",
    ),
)
