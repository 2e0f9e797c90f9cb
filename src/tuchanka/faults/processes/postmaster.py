"""The first process of an instance."""

from tuchanka.faults.processes import Expected, Program, killed_and_frozen, of_instances

PROGRAMS = (
    Program(
        "postmaster",
        "the first process of the instance alone",
        of_instances("^/"),
        killed=Expected("its children notice and end; then as kill-postgres", "crash"),
        frozen=Expected("open sessions work on, new ones hang; then as freeze-postgres", "hang"),
        proves="that a database which only serves old sessions is found",
    ),
)

FAULTS = killed_and_frozen(PROGRAMS)
