"""Whether the service came back, as the heartbeat saw it. Pure; each function makes one check."""

from tuchanka.analysis.checks.outcome import Judgement, judged
from tuchanka.analysis.outages import HANGING_S, caused, longest_gap, outages, reads
from tuchanka.analysis.replication import redundancy
from tuchanka.analysis.trial_record import TrialRecord

# A recorder that started no beat for this long could have missed a whole outage.
BLIND_S = 1.0


def blind_s(trial: TrialRecord) -> float | None:
    """Return the longest time without a beat between injection and stable service (or the last beat)."""
    if trial.injected is None:
        return None
    dues = [one.due for one in trial.writes]
    until = trial.stable if trial.stable is not None else max([trial.injected, *dues])
    return longest_gap(dues, trial.injected, until)


def watched(trial: TrialRecord) -> Judgement:
    """Check that the recorder recorded all the time."""
    blind = blind_s(trial)
    if blind is None or blind <= BLIND_S:
        return judged([], [] if trial.writes else ["nobody wrote"])
    return Judgement(
        "not checked", f"the recorder started no beat for {blind:.1f} s: what happened then is not known"
    )


def writes(trial: TrialRecord) -> Judgement:
    """Check that writes came back, and were there at the end."""
    away = [one for one in outages(trial.writes) if one.over is None]
    last = caused(trial)[-1:]
    if last and last[0].over is None:
        return Judgement("violated", "writes never came back")
    unknown = [] if trial.writes else ["nobody wrote"]
    return judged(["writes were away at the end"] if away else [], unknown)


def fresh_reads(trial: TrialRecord) -> Judgement:
    """Check that fresh reads came back through every standby VIP."""
    last = caused(trial)[-1:]
    through = reads(trial, last[0] if last else None)
    return judged(f"fresh reads through {one.vip} never came back" for one in through if one.lost)


def stable(trial: TrialRecord) -> Judgement:
    """Check that the service stayed back for a while."""
    return judged([], ["the service was never seen stable again"] if trial.stable is None else [])


def unhindered(trial: TrialRecord) -> Judgement:
    """Check that no write was refused, or had to wait, between the fault and its healing."""
    if trial.injected is None or not all(one.writes for one in trial.watched):
        return judged([], ["nobody wrote"])
    begin, end = trial.injected, trial.end if trial.healed is None else trial.healed
    harm = []
    for one in trial.watched:
        ours = [write for write in one.writes if begin <= write.due < end]
        bad = sum(1 for write in ours if write.outcome != "acknowledged")
        # What the recorder itself sent late didn't wait for anybody.
        late = [write.t - write.sent for write in ours if write.t - write.sent >= HANGING_S]
        if bad:
            harm.append(f"{bad} writes of {one.instance} were not acknowledged")
        if late:
            harm.append(f"{len(late)} writes of {one.instance} were late, by up to {max(late):.1f} s")
    return judged(harm)


def healthy(trial: TrialRecord) -> Judgement:
    """Check that the cluster was healthy after the repair."""
    begin = max(trial.injected or 0.0, trial.restore.t if trial.restore else 0.0)
    if any(t >= begin for t in trial.healthy):
        return Judgement("kept")
    return Judgement("violated", "the cluster was not seen healthy again")


def redundant(trial: TrialRecord) -> Judgement:
    """Check that at the end every standby of every instance streams."""
    harm, unknown = [], []
    for one in trial.watched:
        found = None if trial.injected is None else redundancy(one, trial.injected)
        if found is None:
            unknown.append(f"no primary of {one.instance} was asked for its standbys")
        else:
            harm += [f"{one.instance} on {node} did not stream at the end" for node in found.missing]
    return judged(harm, unknown)
