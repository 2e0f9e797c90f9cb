"""A machine's one processor is never free."""

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.resources import NEEDS, UNITS, Unit, confine, heal, start

# Everything in the machine on one processor, and there a crowd that is always ready to run.
STARVE = (
    confine("{max(os.sched_getaffinity(0))}")
    + """\
for _ in range(99):
    if os.fork() == 0:
        break
while True:
    pass
"""
)


def crowd(target: Target) -> Unit:
    """Return what keeps the one processor busy."""
    del target
    return Unit(UNITS[2], ("TasksMax=infinity",), ("python3", "-c", STARVE))


FAULTS = (
    Fault(
        name="cpu-starved",
        family="resources",
        scope="node",
        needs=NEEDS,
        does="puts everything in the machine on one processor, and there a hundred processes that never wait",
        expect="the service is slow and goes on, or a monitor is too late and the node is recovered or fenced",
        proves="that an overloaded node neither flaps nor hangs without end",
        apply=start(crowd),
        heal=heal,
        heal_rank=HealRank.RESOURCES,
    ),
)
