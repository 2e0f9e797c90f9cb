"""The server of an instance, all its processes."""

from tuchanka.faults.processes import Expected, Program, killed_and_frozen, of_instances

PROGRAMS = (
    Program(
        "postgres",
        "all processes of the instance",
        of_instances(),
        killed=Expected("the watch sees it end, and starts it again where it was, as what it was", "crash"),
        frozen=Expected(
            "connections hang; the watch sees it stopped, kills it and starts it again where it was", "hang"
        ),
        proves="what a dead or hanging database costs, and that clients on hanging connections get away",
    ),
)

FAULTS = killed_and_frozen(PROGRAMS)
