"""Corosync."""

from tuchanka.faults.processes import SELF_FENCE, Expected, Program, killed_and_frozen, running

PROGRAMS = (
    Program(
        "corosync",
        "corosync",
        running("/usr/sbin/corosync"),
        killed=Expected(SELF_FENCE, "failover"),
        frozen=Expected(SELF_FENCE, "failover"),
        proves="that a node without membership can't go on as a primary",
    ),
)

FAULTS = killed_and_frozen(PROGRAMS)
