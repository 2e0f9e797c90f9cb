"""When writes and fresh reads were away, and when they came back. Pure."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby, pairwise

from tuchanka.analysis.trial_record import TrialRecord
from tuchanka.events import Read, Write

# A read that is older than this shows a standby that doesn't follow: beats come ten times a second.
FRESH_S = 1.0
# Who has waited for this long has not been refused; who is refused hears of it in milliseconds.
HANGING_S = 0.5


@dataclass(frozen=True, slots=True)
class Outage:
    """A maximal run of consecutive beats (in order of ``seq``) none of which was acknowledged without a warning.

    ``began`` is when its first beat was due; ``known`` when the outcome of the last of its beats was known; ``over``
    when the first acknowledged write after it was answered, ``first_seq`` that write's number (both None: never).
    """

    first: int
    last: int
    began: float
    known: float
    over: float | None
    first_seq: int | None


@dataclass(frozen=True, slots=True)
class Waits:
    """What clients met while writes were away: seconds in which they were refused at once, or left waiting."""

    refused_s: float
    hanging_s: float


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads through one standby VIP after the injection.

    ``back`` is the time of the first good read after the last that wasn't (None: none was bad, or none was good any
    more; ``lost`` tells the two apart). ``oldest_s`` is the oldest age that a read answered with.
    """

    vip: str
    failed: int
    stale: int
    oldest_s: float
    back: float | None
    lost: bool


def outages(writes: tuple[Write, ...]) -> tuple[Outage, ...]:
    """Return every outage of ``writes``, which are in order of ``seq``."""
    found = []
    runs = [(good, list(run)) for good, run in groupby(writes, key=lambda one: one.outcome == "acknowledged")]
    for index, (good, run) in enumerate(runs):
        if good:
            continue
        # Beats overlap: a later beat's answer may come first. The outage is over with the first answer of any of
        # the beats up to the next outage.
        after = min(runs[index + 1][1], key=lambda one: one.t) if index + 1 < len(runs) else None
        found.append(
            Outage(
                first=run[0].seq,
                last=run[-1].seq,
                began=run[0].due,
                known=max(one.t for one in run),
                over=after.t if after else None,
                first_seq=after.seq if after else None,
            )
        )
    return tuple(found)


def caused(trial: TrialRecord) -> tuple[Outage, ...]:
    """Return the outages of the trial between injection and stable service.

    A beat that was under way when the fault struck was due before it: what counts is that an outage's last outcome
    came after the injection, and that it began before the service was stable (or the trial's end where it never
    was). One that was over before the injection is not the fault's, however late the last of its beats was given up.
    """
    injected = trial.injected
    if injected is None:
        return ()
    until = trial.end if trial.stable is None else trial.stable
    return tuple(
        one
        for one in outages(trial.writes)
        if one.known >= injected and one.began <= until and (one.over is None or one.over >= injected)
    )


def waits(writes: tuple[Write, ...], away: tuple[Outage, ...]) -> Waits:
    """Return what clients met in the outages: each failed beat stands for the time until the next one was due."""
    refused = hanging = 0.0
    for write, following in pairwise(writes):
        if any(one.first <= write.seq <= one.last for one in away):
            if write.t - write.due >= HANGING_S:
                hanging += following.due - write.due
            elif write.outcome != "warned":  # that was an answer, and no refusal
                refused += following.due - write.due
    return Waits(refused, hanging)


def reads(trial: TrialRecord, after: Outage | None) -> tuple[Reads, ...]:
    """Return how the reads through each standby VIP fared between injection and stable service.

    A read is good where it answered, showed a row at most ``FRESH_S`` old and, where writes had been away
    (``after``, the last outage), one at least as new as the first write after that.
    """
    injected = trial.injected
    if injected is None:
        return ()
    until = trial.end if trial.stable is None else trial.stable
    # A read that was under way when the fault struck was due before it.
    ours = [one for one in trial.reads if one.t >= injected and one.due <= until]
    least = after.first_seq if after else 0
    return tuple(_through(vip, own, least) for vip, own in _by_vip(trial, ours).items())


def _by_vip(trial: TrialRecord, ours: list[Read]) -> dict[str, list[Read]]:
    grouped: dict[str, list[Read]] = defaultdict(list)
    for one in ours:
        grouped[one.vip].append(one)
    return {vip: grouped[vip] for vip in trial.vips}


def is_good(read: Read, least: int | None) -> bool:
    """Whether a read is fresh: answered, ``seq`` at least ``least`` (None: nothing is fresh), young."""
    return read.ok and least is not None and read.seq >= least and read.age <= FRESH_S


def _through(vip: str, ours: list[Read], least: int | None) -> Reads:
    bad = [index for index, one in enumerate(ours) if not is_good(one, least)]
    good_after = ours[bad[-1] + 1 :] if bad else ours
    return Reads(
        vip=vip,
        failed=sum(1 for one in ours if not one.ok),
        stale=sum(1 for one in ours if one.ok and not is_good(one, least)),
        oldest_s=max((one.age for one in ours if one.ok), default=0.0),
        back=min(one.t for one in good_after) if bad and good_after else None,
        lost=not good_after,
    )


def longest_gap(dues: list[float], begin: float, end: float) -> float:
    """Return the longest time between ``begin`` and ``end`` without a beat: there the recorder was blind."""
    inside = [begin, *sorted(due for due in dues if begin < due < end), end]
    return max((later - earlier for earlier, later in pairwise(inside)), default=0.0)
