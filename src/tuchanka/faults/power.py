"""Faults of power."""

from tuchanka.faults.fault import Fault
from tuchanka.machines.protocols import Power

POWER_OFF = Fault(
    name="power-off",
    needs=Power.__name__,
    does="takes the link down, then kills the machine's first process, so that no dying socket says goodbye",
    expect="the cluster notices the silence, waits until the watchdog must have fired, and promotes a standby",
    apply=lambda machine: machine.power_off(),
    heal=lambda machine: machine.power_on(),
)
