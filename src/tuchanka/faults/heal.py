"""Puts everything right that any fault may have left, also after a kill in the middle of one."""

from collections.abc import Awaitable, Callable, Collection, Mapping

from tuchanka.errors import MachineError
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Family, Fault, Scene
from tuchanka.faults.power import power_on, power_on_staggered
from tuchanka.faults.storage import release_disk
from tuchanka.lab.lab import Lab

# What a healing needs comes before it: a machine that stands still, or is off, runs no command.
ORDER: tuple[Family, ...] = (
    "machine",
    "network",
    "power",
    "double",
    "processes",
    "resources",
    "storage",
    "operations",
)

Heal = Callable[[Scene], Awaitable[None]]

# A watchdog may reset a machine at any moment of a fault, so also in the middle of a healing; and then another's.
TRIES = 3


def verbs(catalogue: Mapping[str, Fault]) -> list[Heal]:
    """Return what heals all these faults, each once, in an order that works. Pure.

    A staggered start is for a trial of its own; everything is switched on at once here.
    """
    # Whoever writes to a disk that hangs can't be healed before it goes on.
    ordered = sorted(
        catalogue.values(), key=lambda fault: (fault.heal is not release_disk, ORDER.index(fault.family))
    )
    return list(dict.fromkeys(fault.heal for fault in ordered if fault.heal is not power_on_staggered))


async def heal_all(lab: Lab, targets: Collection[str] | None = None, *, power: bool = True) -> None:
    """Take back every fault on the machines of these names, or on all that are made; safe to repeat.

    Without ``power`` the machines that are off stay off.
    """
    made = [one.name for one in lab.topology.machines if lab.made(one.name)]
    names = made if targets is None else [name for name in made if name in targets]
    if targets is None:
        await lab.provider.network.unblock()
    await heal(Scene(lab, "lab", tuple(lab.machine(name) for name in names)), power=power)


async def heal(scene: Scene, *, power: bool = True) -> None:
    """Take back every fault on the scene."""
    for verb in verbs(CATALOGUE):
        if power or verb is not power_on:
            await heal_by(verb, scene)


async def heal_by(verb: Heal, scene: Scene) -> None:
    """Take back what one verb heals; again, where a machine went while it did: each waits for one that boots.

    Raises:
        MachineError: it failed ``TRIES`` times.
    """
    for left in reversed(range(TRIES)):
        try:
            await verb(scene)
        except MachineError:
            if not left:
                raise
        else:
            return
