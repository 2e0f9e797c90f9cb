"""Every fault, by its name; a family's faults are together."""

from tuchanka.faults import double, machine, network, operations, power, processes, resources, storage
from tuchanka.faults.fault import Fault

FAMILIES = (power, network, processes, resources, storage, machine, double, operations)
CATALOGUE: dict[str, Fault] = {fault.name: fault for family in FAMILIES for fault in family.FAULTS}
