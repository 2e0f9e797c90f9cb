"""Pacemaker's other daemons: pacemakerd looks after them, and nobody else should notice."""

from tuchanka.faults.processes import Expected, Program, killed_and_frozen, running

RESTARTED = "pacemakerd starts it again within a second; the database and its clients notice nothing"
# The coordinator may look before the controller is back (it ends with the executor), and finds a peer without one.
RACES = (
    "pacemakerd starts it again within a second, nobody notices; or the coordinator is quicker, and fences the node"
)
PROGRAMS = tuple(
    Program(
        f"pacemaker-{name}",
        f"Pacemaker's {part}",
        running(f"/usr/lib/pacemaker/pacemaker-{name}"),
        killed=Expected(killed, "daemon lost"),
        frozen=Expected("pacemakerd kills it after half a minute; nobody notices", "daemon hung"),
        proves="that Pacemaker heals or gives up a node whose daemon is dead or hangs",
    )
    for name, part, killed in (
        ("controld", "controller", RACES),
        ("attrd", "keeper of attributes", RESTARTED),
        ("fenced", "fencer", RESTARTED),
        ("execd", "executor of resource agents", RACES),
        ("schedulerd", "scheduler", RESTARTED),
    )
)

FAULTS = killed_and_frozen(PROGRAMS)
