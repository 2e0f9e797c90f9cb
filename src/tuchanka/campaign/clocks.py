"""From a machine's clocks to ours: by boot, and by samples of both.

A machine's wall clock may be wrong, and may be set in the middle of a trial; its monotonic clock is neither, but
begins anew with every boot. So the time of a journal's entry is its boot and that boot's monotonic time, and a sample
of the same boot says what that is on our clock. Containers share the host's monotonic clock, under a boot ID of
their own: a sample that can't tell the two clocks apart takes them for one.

Source: systemd.journal-fields(7): ``__MONOTONIC_TIMESTAMP`` and ``_BOOT_ID`` are the journal's own, of the moment it
got the entry; ``_SOURCE_REALTIME_TIMESTAMP`` is the sender's wall clock, a moment before.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.events import ClocksCompared
from tuchanka.providers.base import Node

SAMPLE_S = 10.0
GOOD_S = 0.03
TRIES = 3
# A wall clock that differs by more from the monotonic one in the course of a boot has been set.
STEADY_S = 0.05
# Perl is there where PAF is, and starts in a few milliseconds.
SCRIPT = (
    'open my $f, "<", "/proc/sys/kernel/random/boot_id"; chomp(my $boot = <$f>);'
    'printf "%s %.6f %.6f", $boot, clock_gettime(CLOCK_MONOTONIC), clock_gettime(CLOCK_REALTIME)'
)
COMMAND = ("perl", "-MTime::HiRes=clock_gettime,CLOCK_MONOTONIC,CLOCK_REALTIME", "-e", SCRIPT)


@dataclass(frozen=True, slots=True)
class Stamp:
    """When the journal got an entry: boot, monotonic and wall seconds; ``sent`` is the sender's wall clock."""

    boot: str
    monotonic: float
    wall: float
    sent: float | None = None


async def sample(machine: Node) -> ClocksCompared | None:
    """Compare the machine's clocks with ours, again where the answer is slow; ``None`` if there is no answer."""
    best: ClocksCompared | None = None
    for _ in range(TRIES):
        before = time.monotonic()
        try:
            done = await machine.run(COMMAND, timeout=SAMPLE_S)
        except (MachineError, DeadlineExceeded):
            return best
        found = read_sample(machine.name, done.stdout, before, time.monotonic())
        best = min((one for one in (best, found) if one), key=lambda one: one.error, default=None)
        if best and best.error <= GOOD_S:
            break
    return best


def read_sample(node: str, text: str, before: float, after: float) -> ClocksCompared | None:
    """Read what ``COMMAND`` wrote between two moments of our clock; ``None`` if that is nothing of the kind."""
    words = text.split()
    if len(words) != 3:
        return None
    boot, monotonic, wall = words
    middle, error = (before + after) / 2, (after - before) / 2
    return ClocksCompared(middle, node, boot.replace("-", ""), float(monotonic), float(wall), error)


def is_shared(one: ClocksCompared) -> bool:
    """Whether the machine's monotonic clock can't be told from ours."""
    return abs(one.monotonic - one.t) <= one.error


def wall_at(one: ClocksCompared, moment: float) -> float:
    """Return what the machine's wall clock read at a moment of our clock, had nobody set it."""
    return one.wall - (one.t - moment)


def translate(stamps: Sequence[Stamp], samples: Sequence[ClocksCompared]) -> list[float]:
    """Return our monotonic time of each stamp of one machine; there must be a sample. Pure.

    The sample with the smallest error speaks for its boot. An entry of a boot without one has nothing but its wall
    clock, compared as in the sample whose wall clock is nearest; unless the machine shares our clock.
    """
    by_boot: dict[str, ClocksCompared] = {}
    for one in sorted(samples, key=lambda one: -one.error):
        by_boot[one.boot] = one
    shared = all(map(is_shared, samples))
    steady = _steady(stamps, samples)

    def ours(stamp: Stamp) -> float:
        one = by_boot.get(stamp.boot)
        if shared or (one and is_shared(one)):
            moment = stamp.monotonic
        elif one:
            moment = stamp.monotonic + one.t - one.monotonic
        else:
            nearest = min(samples, key=lambda one: abs(one.wall - stamp.wall))
            moment = stamp.wall + nearest.t - nearest.wall
        waited = stamp.wall - stamp.sent if stamp.sent is not None and stamp.boot in steady else 0.0
        return moment - max(0.0, waited)

    return list(map(ours, stamps))


def _steady(stamps: Iterable[Stamp], samples: Iterable[ClocksCompared]) -> set[str]:
    """Return the boots in which nobody has set the wall clock, as far as can be seen."""
    offsets: dict[str, list[float]] = {}
    seen: list[Stamp | ClocksCompared] = [*stamps, *samples]
    for one in seen:
        offsets.setdefault(one.boot, []).append(one.wall - one.monotonic)
    return {boot for boot, all_of in offsets.items() if max(all_of) - min(all_of) < STEADY_S}
