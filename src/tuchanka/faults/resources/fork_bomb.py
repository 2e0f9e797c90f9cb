"""A machine has no room for another process."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.resources import NEEDS, UNITS, Unit, heal, start

# A bomb of processes that sleep between their tries, each at its own times: together they take whatever becomes free
# within a millisecond or two, and not the host's processors (with 0.2 s between them, 2,000 kept four cores busy).
FORK_BOMB = "while (1) { defined(fork) or select(undef, undef, undef, 1 + $$ % 100 / 50) }"


def fork_bomb(target: Target) -> Unit:
    """Return the bomb."""
    del target
    return Unit(UNITS[0], ("TasksMax=infinity", "Nice=19"), ("perl", "-e", FORK_BOMB))


FAULTS = (
    Fault(
        name="fork-bomb",
        family="resources",
        scope="node",
        needs=NEEDS,
        does="starts processes that start processes, until the machine's limit is reached",
        expect="no monitor can be started any more, the operation fails, and the node is fenced",
        proves="that a node which answers but can do nothing isn't kept",
        apply=start(fork_bomb),
        heal=heal,
        heal_rank=HealRank.RESOURCES,
        predicts="failed stop",
    ),
)
