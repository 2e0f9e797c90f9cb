"""Freezes a machine by the freezer of cgroup v2, which hybrid hosts have, too (mounted at ``unified``).

What it has frozen can still be killed, so neither a power cut nor a command's deadline has to wait for a thaw. (The
freezer of cgroup v1 lets none of them end, and isn't used.) The state is the kernel's: it outlives a supervisor.
"""

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from tuchanka.errors import DeadlineExceeded
from tuchanka.waiting import wait_until

FREEZE_S = 5.0


class Freezer:
    """Freezes and thaws the groups (folders) of one machine, each with all that is below it."""

    def __init__(self, groups: Sequence[Path]) -> None:
        self.groups = groups

    async def freeze(self) -> float:
        """Freeze, and return when everything is frozen, in monotonic seconds.

        Raises:
            DeadlineExceeded: a process that waits for its disk didn't stop within 5 s; everything is thawed again.
            OSError: the machine has just died.
        """

        async def still() -> bool:
            return all("frozen 1" in (group / "cgroup.events").read_text().splitlines() for group in self.groups)

        try:
            for group in self.groups:
                (group / "cgroup.freeze").write_text("1")
            await wait_until(still, deadline_s=FREEZE_S, interval_s=0.001, what="the freezing")
        except (DeadlineExceeded, OSError):
            self.thaw()
            raise
        return time.monotonic()

    def thaw(self) -> float:
        """Let everything go on, and return when, in monotonic seconds; safe to repeat."""
        for group in self.groups:
            with contextlib.suppress(OSError):  # the group has gone with its machine
                (group / "cgroup.freeze").write_text("0")
        return time.monotonic()

    def frozen(self) -> bool:
        """Say whether the machine is frozen, or about to be."""
        for group in self.groups:
            with contextlib.suppress(OSError):  # the group has gone with its machine
                if (group / "cgroup.freeze").read_text().strip() == "1":
                    return True
        return False
