"""Which backup is due, and why. Pure."""

from dataclasses import dataclass

from tuchanka.archive.pgbackrest import Info, Kind

CLOCKS_S = 60
"""A backup that ended so much later than now was made by a clock that this one doesn't agree with."""


@dataclass(frozen=True, slots=True)
class Due:
    """A backup that is due; ``why`` completes "…, because"."""

    kind: Kind
    why: str


class ClockError(Exception):
    """The clock is behind the newest backup: by how many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def due(info: Info, now: float, *, full_s: int, differential_s: int, gap: str = "") -> Due | None:
    """Return the backup that is due at ``now`` (seconds since 1970).

    ``gap`` names a file of the log that the archive lacks and that nobody has any more: then a restore can't get from
    the last backup to now, and a new one is due at once.

    Raises:
        ClockError: the newest backup is in the future.
    """
    full, last = info.last_full, info.last
    if full is None or last is None:
        return Due("full", "there is none yet")
    if last.ended > now + CLOCKS_S:
        raise ClockError(last.ended - now)
    if now - full.ended >= full_s:
        return Due("full", f"the last full one, {full.label}, is {_hours(now - full.ended)} old")
    if gap:
        return Due("diff", f"the archive lacks {gap}, and no restore gets past it")
    if now - last.ended >= differential_s:
        return Due("diff", f"the last one, {last.label}, is {_hours(now - last.ended)} old")
    return None


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"
