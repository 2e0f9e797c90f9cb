"""Every fault, by its name."""

from tuchanka.faults import power, processes, resources, storage
from tuchanka.faults.fault import Fault

CATALOGUE: dict[str, Fault] = {
    fault.name: fault for family in (power, processes, resources, storage) for fault in family.FAULTS
}
