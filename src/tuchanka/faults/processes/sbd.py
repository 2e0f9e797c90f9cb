"""sbd, which feeds the watchdog."""

from tuchanka.faults.processes import SELF_FENCE, Expected, Program, killed_and_frozen, running

UNFED = Expected(f"nobody feeds the watchdog any more; {SELF_FENCE}", "self-fence")
PROGRAMS = (
    Program(
        "sbd",
        "sbd, all its processes",
        running("/usr/sbin/sbd"),
        killed=UNFED,
        frozen=UNFED,
        proves="that the watchdog is armed and fires by itself",
    ),
)

FAULTS = killed_and_frozen(PROGRAMS)
