"""Every fault, by its name."""

from tuchanka.faults import power, processes
from tuchanka.faults.fault import Fault

CATALOGUE: dict[str, Fault] = {fault.name: fault for family in (power, processes) for fault in family.FAULTS}
