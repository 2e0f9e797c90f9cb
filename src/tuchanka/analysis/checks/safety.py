"""Whether harm was done to any instance of the cluster, as the heartbeat saw it. Pure; a function is one check."""

from tuchanka.analysis.checks.outcome import Judgement, judged
from tuchanka.analysis.commits import commits
from tuchanka.analysis.primaries import dual_primary_s, handovers
from tuchanka.analysis.replication import promoted
from tuchanka.analysis.trial_record import TrialRecord
from tuchanka.analysis.vips import MOVE_S, shared_s


def one_primary(trial: TrialRecord) -> Judgement:
    """Check that no two nodes accepted writes at once."""
    harm, unknown = [], []
    for one in trial.watched:
        dual = dual_primary_s(one.probes)
        if dual is None:
            unknown.append(f"nobody asked the nodes for their roles of {one.instance}: two primaries would not show")
        elif dual > 0:
            harm.append(f"two nodes accepted writes to {one.instance} at once for {dual:.3f} s")
    return judged(harm, unknown)


def margin(trial: TrialRecord) -> Judgement:
    """Check that wherever the role moved, the old primary had ended before the new one began."""
    harm, unknown, seen = [], [], []
    for one in trial.watched:
        if not one.probes or trial.injected is None:
            unknown.append(f"nobody asked the nodes for their roles of {one.instance}")
        for over in handovers(one.probes, trial.stops, trial.injected or 0.0):
            words = f"{one.instance} from {over.old} to {over.new}"
            if over.margin_s < 0:
                harm.append(f"{words}: they overlapped by {-over.margin_s:.3f} s")
            elif over.least_s is None:
                unknown.append(f"{words}: {over.old} fell silent, and nobody knows when it ended")
            else:
                seen.append(f"{words}: {over.margin_s:.2f} s")
    return judged(harm, unknown, "; ".join(seen) or "the role did not move")


def vips(trial: TrialRecord) -> Judgement:
    """Check that no VIP was on two nodes for longer than a request takes."""
    harm, unknown = [], []
    for one in trial.watched:
        if not any(holder.nodes for holder in one.holders):
            unknown.append(f"nobody asked who holds the VIPs of {one.instance}")
        shared = shared_s(one.holders)
        harm += [f"{vip} was on two nodes for {s:.2f} s" for vip, s in shared.items() if s > MOVE_S]
    return judged(harm, unknown)


def kept(trial: TrialRecord) -> Judgement:
    """Check that no acknowledged commit of the trial's instance was lost."""
    found = commits(trial.own)
    if found is None:
        return judged([], [f"the commits of {trial.own.instance} were never counted: the loss is unknown"])
    return judged([f"{len(found.lost)} acknowledged commits were lost"] if found.lost else [])


def kept_in_place(trial: TrialRecord) -> Judgement:
    """Check that no acknowledged commit was lost where the role of primary did not move."""
    harm, unknown = [], []
    for one in trial.watched:
        found = commits(one)
        if found is None:
            unknown.append(f"the commits of {one.instance} were never counted: the loss is unknown")
        elif found.lost and not handovers(one.probes, trial.stops, trial.injected or 0.0):
            harm.append(f"{len(found.lost)} acknowledged commits of {one.instance} were lost, and its primary stayed")
    return judged(harm, unknown)


def refused(trial: TrialRecord) -> Judgement:
    """Check that what was refused isn't there."""
    harm, unknown = [], []
    for one in trial.watched:
        found = commits(one)
        if found is None:
            unknown.append(f"the commits of {one.instance} were never counted: the loss is unknown")
        elif found.refused_found:
            harm.append(f"{len(found.refused_found)} refused commits of {one.instance} were found all the same")
    return judged(harm, unknown)


def most_advanced(trial: TrialRecord) -> Judgement:
    """Check that the standby that was promoted had as much of the log as every other standby that could be asked."""
    harm, unknown = [], []
    for one in trial.watched:
        if not one.probes or trial.injected is None:
            unknown.append(f"nobody asked the standbys of {one.instance} how much they had received")
        for over in handovers(one.probes, trial.stops, trial.injected or 0.0):
            made = promoted(one, over, trial.hit)
            if not made.known:
                unknown.append(f"{over.new} was not asked for its part of the log before it was promoted")
            harm += [
                f"{over.new} was promoted, and {node} had {more} bytes of {one.instance}'s log more"
                for node, more in made.behind.items()
            ]
    return judged(harm, unknown)
