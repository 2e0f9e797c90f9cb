"""What the BMC daemon is told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spec:
    """What the daemon needs to know, in JSON's types.

    ``folder`` is the lab's, ``topology`` the file that it was built from, ``run`` the folder for sockets and files.
    ``addresses`` maps a machine to its BMC's address, with the prefix length.
    """

    folder: str
    topology: str
    watchdog_s: float
    run: str
    addresses: dict[str, str]
