"""Puts everything right that any fault may have left, also after a kill in the middle of one."""

from collections.abc import Awaitable, Callable, Collection, Iterable

from tuchanka.errors import MachineError
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.lab.lab import Lab

Heal = Callable[[Target], Awaitable[None]]

# A watchdog may reset a machine at any moment of a fault, so also in the middle of a healing; and then another's.
TRIES = 3


def verbs(faults: Iterable[Fault], *, power: bool = True) -> list[Heal]:
    """Return what heals all these faults, each once, in the order of their ranks. Pure.

    Without ``power`` nothing switches a machine on.
    """
    ranked = [(one.heal_rank, one.heal) for one in faults if one.heal_rank is not None]
    ordered = sorted(ranked, key=lambda one: one[0])
    return list(dict.fromkeys(heal for rank, heal in ordered if power or rank is not HealRank.POWER))


async def heal_all(lab: Lab, targets: Collection[str] | None = None, *, power: bool = True) -> None:
    """Take back every fault on the machines of these names, or on all that are made; safe to repeat.

    Without ``power`` the machines that are off stay off.
    """
    made = [one.name for one in lab.topology.machines if lab.made(one.name)]
    names = made if targets is None else [name for name in made if name in targets]
    if targets is None:
        await lab.provider.network.unblock()
    await heal(Target(lab, "lab", tuple(lab.machine(name) for name in names)), power=power)


async def heal(target: Target, *, power: bool = True) -> None:
    """Take back every fault on the target."""
    for verb in verbs(CATALOGUE.values(), power=power):
        await heal_by(verb, target)


async def heal_by(verb: Heal, target: Target) -> None:
    """Take back what one verb heals; again, where a machine went while it did: each waits for one that boots.

    Raises:
        MachineError: it failed ``TRIES`` times.
    """
    for left in reversed(range(TRIES)):
        try:
            await verb(target)
        except MachineError:
            if not left:
                raise
        else:
            return
