"""A machine has no memory left."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.resources import NEEDS, UNITS, Unit, heal, start

# Files in memory, which no process owns: the kernel can only kill others. What they set free is filled again.
MEMORY = "/run/tuchanka-memory"
EAT_MEMORY = (
    f"mkdir -p {MEMORY}; mountpoint -q {MEMORY} || mount -t tmpfs -o size=$1 tuchanka {MEMORY}; "
    f"while :; do dd if=/dev/zero bs=64k >> {MEMORY}/filler 2>/dev/null; sleep 0.05; done"
)


def eater(target: Target) -> Unit:
    """Return what fills the memory, up to what the topology gives a machine."""
    size = str(target.lab.topology.limits.memory_bytes)
    return Unit(UNITS[1], (), ("sh", "-c", EAT_MEMORY, "eat", size))


FAULTS = (
    Fault(
        name="memory-exhausted",
        family="resources",
        scope="node",
        needs=NEEDS,
        does="fills all memory of the machine with files, which no process owns, and fills what becomes free again",
        expect="the kernel kills others, the database or the cluster stack; the node recovers it or is fenced",
        proves="that it ends in a recovery or a failover, whatever the kernel kills",
        apply=start(eater),
        heal=heal,
        heal_rank=HealRank.RESOURCES,
    ),
)
