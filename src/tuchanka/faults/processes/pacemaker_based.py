"""Pacemaker's keeper of the configuration."""

from tuchanka.faults.processes import Expected, Program, killed_and_frozen, running

PROGRAMS = (
    Program(
        "pacemaker-based",
        "Pacemaker's keeper of the configuration",
        running("/usr/lib/pacemaker/pacemaker-based"),
        killed=Expected(
            "the controller ends with it, the others see that and fence the node; a standby is promoted",
            "controller lost",
        ),
        frozen=Expected(
            "the watch finds that it hangs, and kills it; then as kill-pacemaker-based", "controller hung"
        ),
        proves="that a node whose Pacemaker has no configuration any more is given up, frozen or dead",
    ),
)

FAULTS = killed_and_frozen(PROGRAMS)
