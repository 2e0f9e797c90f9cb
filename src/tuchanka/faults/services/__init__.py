"""Faults of the services around the clusters, and of what the clusters do without them."""

from collections.abc import Iterable

from tuchanka.errors import LabError
from tuchanka.faults.fault import Target
from tuchanka.providers.base import Machine
from tuchanka.topology.archive import STORE

UNNOTICED = "nothing that clients notice: log waits on the primary, and goes to the archive after the healing"


def stores(target: Target) -> tuple[Machine, ...]:
    """Return the machines of the target that are a store."""
    running = {machine.name for machine in target.lab.topology.services if STORE in machine.runs}
    return tuple(machine for machine in target.machines if machine.name in running)


async def switched_on(machines: Iterable[Machine]) -> tuple[Machine, ...]:
    """Return those that are on, ready to be told something."""
    found = [machine for machine in machines if await machine.power_state() == "on"]
    for machine in found:
        await machine.wait_ready()
    return tuple(found)


def store_of(target: Target) -> Machine:
    """Return the machine that is the store of the archive.

    Raises:
        LabError: the archive has another one.
    """
    archive = target.lab.topology.archive
    if archive is None or not archive.store:
        raise LabError("no machine of the lab is the store of the archive", where=target.name)
    return target.lab.machine(archive.store)
