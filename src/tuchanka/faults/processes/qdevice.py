"""A node's side of the quorum device."""

from tuchanka.faults.processes import Expected, Program, killed_and_frozen, running

PROGRAMS = (
    Program(
        "qdevice",
        "corosync-qdevice, both processes",
        running("/usr/sbin/corosync-qdevice"),
        killed=Expected("systemd starts it again; the node has quorum by the other's vote meanwhile", "unnoticed"),
        frozen=Expected(
            "the node's side of the quorum device is silent; the others' votes suffice, nobody notices", "unnoticed"
        ),
        proves="that the quorum device isn't a single point of failure",
    ),
)

FAULTS = killed_and_frozen(PROGRAMS)
