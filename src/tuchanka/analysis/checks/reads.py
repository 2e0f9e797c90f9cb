"""Whether what readers saw was true to the end, as the heartbeat saw it. Pure; each function makes one check."""

from collections import defaultdict
from itertools import pairwise

from tuchanka.analysis.checks.outcome import Judgement, judged
from tuchanka.analysis.commits import has
from tuchanka.analysis.trial_record import TrialRecord, Watched
from tuchanka.events import Read


def stay(trial: TrialRecord) -> Judgement:
    """Check that the rows that the readers of the trial's instance saw were there at the end, acknowledged or not."""
    own = trial.own
    if not own.counted:
        return judged([], [f"the commits of {own.instance} were never counted: whether they stay is unknown"])
    if not any(one.ok for one in own.reads):
        return judged([], [f"nothing of {own.instance} was read"])
    count = own.counted[-1]
    gone: dict[str, set[int]] = defaultdict(set)
    for one in own.reads:
        # What was read after the count, or written after its last number, it says nothing about. 0 is no row.
        if one.ok and one.t <= count.t and 0 < one.seq <= count.up_to and not has(count, one.seq):
            gone[one.vip].add(one.seq)
    return judged(
        f"{len(seqs)} rows that were read through {vip} are gone (the first is {min(seqs)})"
        for vip, seqs in sorted(gone.items())
    )


def in_order(trial: TrialRecord) -> Judgement:
    """Check that no connection of a reader showed an older row than it had shown before.

    A connection leads to one server, whose readers see more and more. The next one may lead to a standby that has
    replayed less: nothing is promised from one to the other.
    """
    harm, unknown = [], []
    for one in trial.watched:
        answered = [read for read in one.reads if read.ok]
        if any(read.connection is None for read in answered):
            unknown.append(f"which connections {one.instance} was read through is not recorded")
        for (vip, _), reads in connections(one).items():
            back = [(before, read) for before, read in pairwise(reads) if read.seq < before.seq]
            if back:
                before, read = back[0]
                harm.append(f"reads through {vip} went back on one connection, from {before.seq} to {read.seq}")
    if not any(read.ok for one in trial.watched for read in one.reads):
        unknown.append("nothing was read")
    return judged(harm, unknown)


def connections(watched: Watched) -> dict[tuple[str, int], list[Read]]:
    """Return (VIP, connection) → its answered reads in order of time: a connection does one after the other."""
    found: dict[tuple[str, int], list[Read]] = defaultdict(list)
    for one in sorted(watched.reads, key=lambda read: read.t):
        if one.ok and one.connection is not None:
            found[one.vip, one.connection].append(one)
    return dict(found)


def times_back(reads: tuple[Read, ...]) -> int:
    """Return how often a read through a VIP showed an older row than the answer before it, on any connection.

    A read that was sent before that answer came may be of before.
    """
    times, newest = 0, dict[str, Read]()
    for one in sorted((read for read in reads if read.ok), key=lambda read: read.t):
        before = newest.get(one.vip)
        if before and one.seq < before.seq and one.due >= before.t:
            times += 1
        newest[one.vip] = one
    return times
