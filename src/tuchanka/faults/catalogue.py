"""Every fault, by its name."""

from tuchanka.faults import power
from tuchanka.faults.fault import Fault

CATALOGUE: dict[str, Fault] = {fault.name: fault for family in (power,) for fault in family.FAULTS}
