"""What an archive has for a copy that is restored. Pure."""

from dataclasses import dataclass

from tuchanka.postgres.wal import Segment

NOWHERE = Segment(0, 0)


@dataclass(frozen=True, slots=True)
class ArchiveSeen:
    """Files of the log, and the newest backup: its label (empty: there is none), and the first file that it needs.

    ``problem``: why the archive could not be asked.
    """

    segments: frozenset[Segment] = frozenset()
    backup: str = ""
    begins: Segment = NOWHERE
    problem: str = ""
