"""Whether the service came back, as the heartbeat saw it. Pure; each function makes one check."""

from tuchanka.analysis.checks.outcome import Finding, find
from tuchanka.analysis.outages import caused, longest_gap, outages, reads
from tuchanka.analysis.replication import redundancy
from tuchanka.analysis.trial_record import Slice

# A recorder that started no beat for this long could have missed a whole outage.
BLIND_S = 1.0


def blind_s(trial: Slice) -> float | None:
    """Return the longest time without a beat between injection and stable service (or the last beat)."""
    if trial.injected is None:
        return None
    dues = [one.due for one in trial.writes]
    until = trial.stable if trial.stable is not None else max([trial.injected, *dues])
    return longest_gap(dues, trial.injected, until)


def watched(trial: Slice) -> Finding:
    """Check that the recorder recorded all the time."""
    blind = blind_s(trial)
    if blind is None or blind <= BLIND_S:
        return find([], [] if trial.writes else ["nobody wrote"])
    return Finding("not checked", f"the recorder started no beat for {blind:.1f} s: what happened then is not known")


def writes(trial: Slice) -> Finding:
    """Check that writes came back, and were there at the end."""
    away = [one for one in outages(trial.writes) if one.over is None]
    last = caused(trial)[-1:]
    if last and last[0].over is None:
        return Finding("broken", "writes never came back")
    unknown = [] if trial.writes else ["nobody wrote"]
    return find(["writes were away at the end"] if away else [], unknown)


def fresh_reads(trial: Slice) -> Finding:
    """Check that fresh reads came back through every standby VIP."""
    last = caused(trial)[-1:]
    through = reads(trial, last[0] if last else None)
    return find(f"fresh reads through {one.vip} never came back" for one in through if one.lost)


def stable(trial: Slice) -> Finding:
    """Check that the service stayed back for a while."""
    return find([], ["the service was never seen stable again"] if trial.stable is None else [])


def healthy(trial: Slice) -> Finding:
    """Check that the cluster was healthy after the mending."""
    begin = max(trial.injected or 0.0, trial.restore.t if trial.restore else 0.0)
    if any(t >= begin for t in trial.healthy):
        return Finding("held")
    return Finding("broken", "the cluster was not seen healthy again")


def redundant(trial: Slice) -> Finding:
    """Check that at the end every standby of every instance streams."""
    harm, unknown = [], []
    for one in trial.watched:
        found = None if trial.injected is None else redundancy(one, trial.injected)
        if found is None:
            unknown.append(f"no primary of {one.instance} was asked for its standbys")
        else:
            harm += [f"{one.instance} on {node} did not stream at the end" for node in found.missing]
    return find(harm, unknown)
