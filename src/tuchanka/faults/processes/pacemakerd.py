"""Pacemaker's first process, which looks after the others."""

from tuchanka.faults.processes import SELF_FENCE, Expected, Program, killed_and_frozen, running

PROGRAMS = (
    Program(
        "pacemakerd",
        "Pacemaker's first process alone",
        running("/usr/sbin/pacemakerd"),
        killed=Expected(
            "systemd starts it again, and it takes over the daemons that still run; nobody notices", "supervisor lost"
        ),
        frozen=Expected(
            f"the watch finds that it hangs, and kills it; then as kill-pacemakerd. If too late, {SELF_FENCE}",
            "supervisor hung",
        ),
        proves="that the one who watches the daemons is watched",
    ),
)

FAULTS = killed_and_frozen(PROGRAMS)
