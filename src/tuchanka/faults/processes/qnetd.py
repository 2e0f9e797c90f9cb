"""The witness's side of the quorum device."""

from tuchanka.faults.processes import Expected, Program, killed_and_frozen, running

PROGRAMS = (
    Program(
        "qnetd",
        "corosync-qnetd on the witness",
        running("/usr/bin/corosync-qnetd"),
        killed=Expected(
            "systemd starts it again, and the clusters' quorum devices connect anew; nobody notices", "unnoticed"
        ),
        frozen=Expected(
            "the clusters lose its vote and go on without; nobody notices until a node is lost, too", "unnoticed"
        ),
        proves="that the witness isn't a single point of failure",
        scope="witness",
    ),
)

FAULTS = killed_and_frozen(PROGRAMS)
