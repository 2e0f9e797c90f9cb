"""The verdict on each trial: a pure function of the history.

``docs/measuring.md`` says in words what each figure means and what it doesn't show.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tuchanka.analysis.checks.catalogue import EXAMINERS, Examiner, examine
from tuchanka.analysis.checks.outcome import Check
from tuchanka.analysis.checks.service import blind_s
from tuchanka.analysis.commits import Range, commits, seqs, to_ranges
from tuchanka.analysis.outages import Reads, caused, outages, reads, waits
from tuchanka.analysis.phases import anatomy
from tuchanka.analysis.primaries import Handover, dual_primary_s, handovers
from tuchanka.analysis.replication import redundancy
from tuchanka.analysis.trial_record import Slice, slice_trials
from tuchanka.analysis.vips import shared_s
from tuchanka.events import Event


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

    margin_least_s: float | None = None
    margin_most_s: float | None = None
    refused_s: float | None = None
    hanging_s: float | None = None
    redundancy_s: float | None = None
    vip_shared_s: float | None = None
    points: dict[str, float | None] = field(default_factory=dict)

    @property
    def problem(self) -> str:
        """All problems in one line; empty where there is none."""
        return "; ".join(self.problems)


def judge(events: Iterable[Event]) -> tuple[Verdict, ...]:
    """Return the verdict on every trial of a history, in the order they started."""
    return tuple(judge_trial(trial) for trial in slice_trials(events))


def judge_trial(trial: Slice, examiners: Sequence[Examiner] = EXAMINERS) -> Verdict:
    """Return the verdict on one trial."""
    started, injected, own = trial.started, trial.injected, trial.own
    ours = caused(trial)
    last = ours[-1] if ours else None
    through = reads(trial, last)
    read_back = _read_back(through)
    again = None if injected is None else redundancy(own, injected)
    measured = anatomy(trial, last.over if last else None, read_back, again.back if again else None)
    found = commits(own)
    waited = waits(trial.writes, ours)
    over = _least(trial)
    shared = shared_s(tuple(holder for one in trial.watched for holder in one.holders))
    checks = examine(trial, examiners)
    problems = tuple(_problems(trial, checks))
    return Verdict(
        cluster=started.cluster,
        instance=started.instance,
        fault=started.fault,
        target=started.target,
        target_role=started.target_role,
        reaction_s=_since(injected, last.over if last else None),
        read_reaction_s=_since(injected, read_back),
        acknowledged=len(seqs(own, "acknowledged")),
        lost=None if found is None else len(found.lost),
        indeterminate=len(seqs(own, "indeterminate")),
        dual_primary_s=dual_primary_s(trial.probes),
        recovered=not problems,
        restored_s=_since(trial.restore.t, _healthy_after(trial, trial.restore.t)) if trial.restore else None,
        predicted_s=sum(started.predicted.values()) if started.predicted else None,
        phases=measured.seconds,
        trial=started.trial,
        refused=len(seqs(own, "refused")),
        indeterminate_survived=None if found is None else len(found.indeterminate_found),
        refused_survived=None if found is None else len(found.refused_found),
        lost_ranges=() if found is None else to_ranges(found.lost),
        uncounted=0 if found is None else found.uncounted,
        outages=len(ours),
        away_s=last.over - ours[0].began if last and last.over is not None else None,
        later_outages=_later(trial),
        failed_reads=sum(one.failed for one in through),
        stale_reads=sum(one.stale for one in through),
        oldest_read_s=max((one.oldest_s for one in through), default=None),
        read_reactions={one.vip: _since(injected, one.back) for one in through},
        margin_s=over.margin_s if over else None,
        recorder_late=len(trial.late),
        blind_s=blind_s(trial),
        phases_at=measured.at,
        predicted=dict(started.predicted),
        problems=problems,
        checks=checks,
        margin_least_s=over.least_s if over else None,
        margin_most_s=over.most_s if over else None,
        refused_s=waited.refused_s if ours else None,
        hanging_s=waited.hanging_s if ours else None,
        redundancy_s=_since(injected, again.back) if again else None,
        vip_shared_s=max(shared.values(), default=None),
        points=measured.points,
    )


def _problems(trial: Slice, checks: tuple[Check, ...]) -> Iterator[str]:
    """Yield why the trial isn't recovered. A check that couldn't be made is a problem, not a pass."""
    if trial.ended is None:
        yield "the trial was interrupted"
    elif trial.ended.problem:
        yield trial.ended.problem
    yield from dict.fromkeys(check.detail for check in checks if check.outcome != "held")


def _read_back(through: tuple[Reads, ...]) -> float | None:
    """Return the worst over the VIPs; None where no read was bad, or one VIP never had a fresh read again."""
    if any(one.lost for one in through):
        return None
    return max((one.back for one in through if one.back is not None), default=None)


def _least(trial: Slice) -> Handover | None:
    """Return the handover of the trial's instance with the least margin."""
    if trial.injected is None:
        return None
    return min(handovers(trial.probes, trial.stops, trial.injected), key=lambda one: one.margin_s, default=None)


def _later(trial: Slice) -> int:
    """Return how many outages began after the service was stable, while the cluster was mended."""
    if trial.stable is None:
        return 0
    return sum(1 for one in outages(trial.writes) if one.began > trial.stable)


def _healthy_after(trial: Slice, t: float) -> float | None:
    return next((healthy for healthy in trial.healthy if healthy >= t), None)


def _since(begin: float | None, end: float | None) -> float | None:
    return None if begin is None or end is None else end - begin
