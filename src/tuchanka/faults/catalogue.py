"""Every fault, by its name; a family's faults are together."""

from tuchanka.faults import double, machine, network, operations, power
from tuchanka.faults.fault import Fault

CATALOGUE: dict[str, Fault] = {
    fault.name: fault for family in (power, network, machine, double, operations) for fault in family.FAULTS
}
