"""The verdict on each trial: a pure function of the history.

``docs/measuring.md`` says in words what each figure means and what it doesn't show.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tuchanka.campaign.anatomy import anatomy
from tuchanka.campaign.checks import Check
from tuchanka.campaign.roles import dual_primary_s, margin_s
from tuchanka.campaign.service import Outage, Reads, caused, longest_gap, outages, reads
from tuchanka.campaign.slices import Slice, slice_trials
from tuchanka.events import Event

Range = tuple[int, int]

# A recorder that started no beat for this long could have missed a whole outage.
BLIND_S = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one trial showed. Seconds are floats; None where there was nothing to measure, or it couldn't be.

    The first block is the contract of ``summary.json``; ``problems`` says in words why a trial isn't recovered.
    """

    cluster: str
    instance: str
    fault: str
    target: str
    target_role: str
    reaction_s: float | None
    read_reaction_s: float | None
    acknowledged: int
    lost: int | None
    indeterminate: int
    dual_primary_s: float | None
    recovered: bool
    restored_s: float | None
    predicted_s: float | None
    phases: dict[str, float | None]

    trial: int
    refused: int
    indeterminate_survived: int | None
    refused_survived: int | None
    lost_ranges: tuple[Range, ...]
    uncounted: int
    outages: int
    away_s: float | None
    later_outages: int
    failed_reads: int
    stale_reads: int
    oldest_read_s: float | None
    read_reactions: dict[str, float | None]
    margin_s: float | None
    recorder_late: int
    blind_s: float | None
    phases_at: dict[str, float | None]
    predicted: dict[str, float]
    problems: tuple[str, ...] = field(default=())
    checks: tuple[Check, ...] = field(default=())

    @property
    def problem(self) -> str:
        """All problems in one line; empty where there is none."""
        return "; ".join(self.problems)


def judge(events: Iterable[Event]) -> tuple[Verdict, ...]:
    """Return the verdict on every trial of a history, in the order they started."""
    return tuple(judge_trial(trial) for trial in slice_trials(events))


def judge_trial(trial: Slice) -> Verdict:
    """Return the verdict on one trial."""
    started, injected = trial.started, trial.injected
    ours = caused(trial)
    last = ours[-1] if ours else None
    through = reads(trial, last)
    reaction = _since(injected, last.over if last else None)
    measured = anatomy(trial, last.over if last else None)
    commits = _commits(trial)
    return Verdict(
        cluster=started.cluster,
        instance=started.instance,
        fault=started.fault,
        target=started.target,
        target_role=started.target_role,
        reaction_s=reaction,
        read_reaction_s=_read_reaction(injected, through),
        acknowledged=len(_seqs(trial, "acknowledged")),
        lost=None if commits is None else len(commits.lost),
        indeterminate=len(_seqs(trial, "indeterminate")),
        dual_primary_s=dual_primary_s(trial.probes),
        recovered=not (problems := tuple(_problems(trial, last, through, commits))),
        restored_s=_since(trial.restore.t, _healthy_after(trial, trial.restore.t)) if trial.restore else None,
        predicted_s=sum(started.predicted.values()) if started.predicted else None,
        phases=measured.seconds,
        trial=started.trial,
        refused=len(_seqs(trial, "refused")),
        indeterminate_survived=None if commits is None else len(commits.indeterminate_found),
        refused_survived=None if commits is None else len(commits.refused_found),
        lost_ranges=() if commits is None else to_ranges(commits.lost),
        uncounted=0 if commits is None else commits.uncounted,
        outages=len(ours),
        away_s=last.over - ours[0].began if last and last.over is not None else None,
        later_outages=_later(trial),
        failed_reads=sum(one.failed for one in through),
        stale_reads=sum(one.stale for one in through),
        oldest_read_s=max((one.oldest_s for one in through), default=None),
        read_reactions={one.vip: _since(injected, one.back) for one in through},
        margin_s=None if injected is None else margin_s(trial.probes, injected),
        recorder_late=len(trial.late),
        blind_s=_blind(trial),
        phases_at=measured.at,
        predicted=dict(started.predicted),
        problems=problems,
    )


def to_ranges(numbers: Iterable[int]) -> tuple[Range, ...]:
    """Return the numbers as closed ranges, in order."""
    ranges: list[Range] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)


@dataclass(frozen=True, slots=True)
class _Commits:
    lost: frozenset[int]
    indeterminate_found: frozenset[int]
    refused_found: frozenset[int]
    uncounted: int


def _commits(trial: Slice) -> _Commits | None:
    """Compare what was acknowledged with what was found; None where nobody counted."""
    counts = [one for one in trial.counted if one.instance == trial.started.instance]
    if not counts:
        return None
    count = counts[-1]

    def found(seq: int) -> bool:
        return any(low <= seq <= high for low, high in count.ranges)

    acknowledged = _seqs(trial, "acknowledged")
    return _Commits(
        lost=frozenset(seq for seq in acknowledged if seq <= count.up_to and not found(seq)),
        indeterminate_found=frozenset(seq for seq in _seqs(trial, "indeterminate") if found(seq)),
        refused_found=frozenset(seq for seq in _seqs(trial, "refused") - acknowledged if found(seq)),
        uncounted=sum(1 for seq in acknowledged if seq > count.up_to),
    )


def _problems(trial: Slice, last: Outage | None, through: tuple[Reads, ...], commits: _Commits | None) -> list[str]:
    """Return why the trial isn't recovered. A check that couldn't be made is a problem, not a pass."""
    found = []
    if trial.ended is None:
        found.append("the trial was interrupted")
    elif trial.ended.problem:
        found.append(trial.ended.problem)
    if trial.injected is None:
        found.append("no fault was injected")
        return found
    found += _service_problems(trial, last, through)
    dual = dual_primary_s(trial.probes)
    if dual is None:
        found.append("nobody asked the nodes for their roles: two primaries would not have shown")
    elif dual > 0:
        found.append(f"two nodes accepted writes at once for {dual:.3f} s")
    if commits is None:
        found.append("the commits were never counted: the loss is unknown")
    elif commits.refused_found:
        found.append(f"{len(commits.refused_found)} refused commits were found all the same")
    if _healthy_after(trial, max(trial.injected, trial.restore.t if trial.restore else trial.injected)) is None:
        found.append("the cluster was not seen healthy again")
    return found


def _service_problems(trial: Slice, last: Outage | None, through: tuple[Reads, ...]) -> list[str]:
    found = []
    if trial.stable is None:
        found.append("the service was never seen stable again")
    blind = _blind(trial)
    if blind is not None and blind > BLIND_S:
        found.append(f"the recorder started no beat for {blind:.1f} s: what happened then is not known")
    if last and last.over is None:
        found.append("writes never came back")
    elif any(one.over is None for one in outages(trial.writes)):
        found.append("writes were away at the end")
    found += [f"fresh reads through {one.vip} never came back" for one in through if one.lost]
    return found


def _read_reaction(injected: float | None, through: tuple[Reads, ...]) -> float | None:
    """Return the worst over the VIPs; None where no read was bad, or one VIP never had a fresh read again."""
    if any(one.lost for one in through):
        return None
    return _since(injected, max((one.back for one in through if one.back is not None), default=None))


def _blind(trial: Slice) -> float | None:
    """Return the longest time without a beat between injection and stable service (or the last beat)."""
    if trial.injected is None:
        return None
    dues = [one.due for one in trial.writes]
    until = trial.stable if trial.stable is not None else max([trial.injected, *dues])
    return longest_gap(dues, trial.injected, until)


def _later(trial: Slice) -> int:
    """Return how many outages began after the service was stable, while the cluster was mended."""
    if trial.stable is None:
        return 0
    return sum(1 for one in outages(trial.writes) if one.began > trial.stable)


def _healthy_after(trial: Slice, t: float) -> float | None:
    return next((healthy for healthy in trial.healthy if healthy >= t), None)


def _since(begin: float | None, end: float | None) -> float | None:
    return None if begin is None or end is None else end - begin


def _seqs(trial: Slice, outcome: str) -> frozenset[int]:
    return frozenset(one.seq for one in trial.writes if one.outcome == outcome)
