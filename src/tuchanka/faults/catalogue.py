"""Every fault, by its name."""

from tuchanka.faults.fault import Fault
from tuchanka.faults.power import POWER_OFF

CATALOGUE: dict[str, Fault] = {fault.name: fault for fault in (POWER_OFF,)}
