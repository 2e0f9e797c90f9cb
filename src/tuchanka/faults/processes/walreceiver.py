"""The process of a standby that receives the log."""

from tuchanka.faults.processes import Expected, Program, killed_and_frozen, of_instances

PROGRAMS = (
    Program(
        "walreceiver",
        "the process of a standby that receives the log",
        of_instances("^postgres: .*walreceiver"),
        killed=Expected(
            "the standby starts another after wal_retrieve_retry_interval; commits that wait for it go on then", None
        ),
        frozen=Expected(
            "the primary drops the standby after wal_sender_timeout; first aid starts it again, and it catches up",
            None,
        ),
        proves="how long replication, and with synchronous replication every commit, waits for a broken receiver",
        role="standby",
    ),
)

FAULTS = killed_and_frozen(PROGRAMS)
