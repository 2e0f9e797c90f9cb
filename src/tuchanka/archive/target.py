"""Up to where log is replayed: what a user asks for, and whether the archive can have it. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from tuchanka.archive.pgbackrest import Info
from tuchanka.errors import InputError
from tuchanka.postgres.controldata import lsn

EXAMPLE = 'write it like "2026-11-27 14:05:00", or with a time zone like "2026-11-27T14:05:00+01:00"'


@dataclass(frozen=True, slots=True)
class Target:
    """A point in the log: a time (UTC), a position, or the end of what the archive has."""

    kind: Literal["time", "lsn", "latest"]
    at: datetime | None = None
    position: str = ""

    def __str__(self) -> str:
        """Return it in words, as in "restore up to …"."""
        if self.at is not None:
            return f"{self.at:%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".") + " UTC"
        return self.position or "the end of the archive"

    @property
    def options(self) -> list[str]:
        """PgBackRest's options; the server ends its recovery there and takes writes."""
        if self.at is not None:
            return ["--type=time", f"--target={self.at:%Y-%m-%d %H:%M:%S.%f}+00", "--target-action=promote"]
        if self.position:
            return ["--type=lsn", f"--target={self.position}", "--target-action=promote"]
        return ["--type=default"]


LATEST = Target("latest")


def make_target(*, at: str | None, position: str | None, latest: bool, timezone: str) -> Target:
    """Return what the user asks for; a time without a zone is one of ``timezone``.

    Raises:
        InputError: it isn't exactly one of the three, or can't be read.
    """
    if [at is not None, position is not None, latest].count(True) != 1:
        raise InputError("must be told up to where", hint="say one of --at TIME, --lsn POSITION and --latest")
    if at is not None:
        try:
            time = datetime.fromisoformat(at)
        except ValueError as error:
            raise InputError(f"{at!a} isn't a time", hint=EXAMPLE) from error
        zoned = time if time.tzinfo else time.replace(tzinfo=ZoneInfo(timezone))
        return Target("time", at=zoned.astimezone(UTC))
    if position is not None:
        if not re.fullmatch(r"[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}", position):
            raise InputError(f"{position!a} isn't a position in the log", hint='write it like "0/3000060"')
        return Target("lsn", position=position.upper())
    return LATEST


def check_target(target: Target, info: Info, now: float, instance: str) -> None:
    """Refuse a target that the archive can't have; ``now`` is in seconds since 1970.

    Raises:
        InputError: there is no backup, or the target is before the first one's end, or in the future.
    """
    if not info.backups:
        raise InputError(
            f"{instance} has no backup in the archive", hint="'tuchanka archive status' shows what it has"
        )
    first = info.backups[0]
    if target.at is not None and target.at.timestamp() < first.ended:
        begins = datetime.fromtimestamp(first.ended, UTC)
        raise InputError(
            f"{target} is before the end of the first backup",
            hint=f"the first time is {begins:%Y-%m-%d %H:%M:%S} UTC",
        )
    if target.at is not None and target.at.timestamp() > now:
        raise InputError(f"{target} is in the future", hint="say --latest for everything that the archive has")
    if target.position and first.stop and lsn(target.position) < lsn(first.stop):
        raise InputError(
            f"{target.position} is before the end of the first backup", hint=f"the first position is {first.stop}"
        )
