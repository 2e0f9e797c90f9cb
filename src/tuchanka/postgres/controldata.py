"""What a stopped (or running) data directory says of itself: pg_controldata(1) and timeline history files. Pure."""

import re
from dataclasses import dataclass

from tuchanka.errors import LabError

# PostgreSQL ended in one of these while it was no standby. PAF takes such data for a primary that failed.
CRASHED = frozenset({"in production", "in crash recovery", "starting up", "shutting down"})


def lsn(text: str) -> int:
    """Return a log position such as ``0/3000060`` as a number."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


@dataclass(frozen=True, slots=True)
class ControlData:
    """The state of a data directory, its timeline, and the furthest log position it vouches for.

    ``system`` identifies what it is a copy of. ``traceable``: every change of a page is in the log (checksums or
    ``wal_log_hints``, and ``full_page_writes``), as pg_rewind demands. ``segment_bytes``: of one file of the log.
    """

    state: str
    timeline: int
    position: str
    system: str = ""
    traceable: bool = False
    segment_bytes: int = 16 << 20

    @property
    def crashed(self) -> bool:
        """Whether it is of a primary (or of none yet) that ended without a checkpoint."""
        return self.state in CRASHED


def parse_controldata(text: str, *, where: str = "") -> ControlData:
    """Read the output of pg_controldata in the C locale.

    Raises:
        LabError: it isn't one.
    """
    fields = {
        name.strip(): value.strip()
        for name, colon, value in (line.partition(":") for line in text.splitlines())
        if colon
    }
    try:
        ending = fields["Minimum recovery ending location"]
        checkpoint = fields["Latest checkpoint location"]
        timelines = (fields["Latest checkpoint's TimeLineID"], fields["Min recovery ending loc's timeline"])
        return ControlData(
            state=fields["Database cluster state"],
            timeline=max(int(timeline) for timeline in timelines),
            position=max(checkpoint, ending, key=lsn),
            system=fields.get("Database system identifier", ""),
            traceable=fields.get("Latest checkpoint's full_page_writes") == "on"
            and (fields.get("Data page checksum version", "0") != "0" or fields.get("wal_log_hints setting") == "on"),
            segment_bytes=int(fields.get("Bytes per WAL segment", 16 << 20)),
        )
    except (KeyError, ValueError) as error:
        raise LabError("pg_controldata makes no sense", where=where, hint="is the data directory damaged?") from error


def parse_history(text: str) -> dict[int, str]:
    """Read a timeline history file: parent timeline → the log position where it was left.

    Source: PostgreSQL, ``timeline.c``: lines of parent timeline, switch point and reason, separated by tabs.
    """
    found = re.findall(r"^(\d+)\s+([0-9A-F]+/[0-9A-F]+)", text, re.MULTILINE)
    return {int(timeline): position for timeline, position in found}
