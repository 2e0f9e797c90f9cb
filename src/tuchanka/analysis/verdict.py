"""The verdict on each trial: a pure function of the history.

``docs/measuring.md`` says in words what each figure means and what it doesn't show.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tuchanka.analysis.checks.catalogue import EXAMINERS, Examiner, examine
from tuchanka.analysis.checks.outcome import CheckResult
from tuchanka.analysis.checks.reads import times_back
from tuchanka.analysis.checks.service import blind_s
from tuchanka.analysis.commits import Range, commits, seqs, to_ranges
from tuchanka.analysis.outages import Outage, Reads, caused, outages, reads, waits
from tuchanka.analysis.phases import Anatomy, anatomy
from tuchanka.analysis.primaries import dual_primary_s, handovers
from tuchanka.analysis.replication import Redundancy, redundancy
from tuchanka.analysis.trial_record import TrialRecord, Watched, trial_records
from tuchanka.analysis.vips import shared_s
from tuchanka.events import Event, JournalRule
from tuchanka.events.fencings import Fencing, fencings


@dataclass(frozen=True, slots=True)
class Subject:
    """What was tried: the trial's number, the fault and where. ``target_role`` is the instance's role there."""

    trial: int
    cluster: str
    instance: str
    fault: str
    target: str
    target_role: str


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """How clients of the trial's instance fared. ``later_outages`` began after the service was stable.

    ``reads_lost``: fresh reads through a standby VIP never came back. ``read_reactions`` has each VIP's, the worst is
    ``read_reaction_s``. ``reads_back`` is how often a read showed an older row than the one before it.
    """

    reaction_s: float | None
    read_reaction_s: float | None
    outages: int
    later_outages: int
    refused_s: float | None
    hanging_s: float | None
    reads_lost: bool
    failed_reads: int
    stale_reads: int
    oldest_read_s: float | None
    reads_back: int
    read_reactions: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class CommitFigures:
    """The commits of the trial's instance by their outcome, and what became of them (None: nobody counted)."""

    acknowledged: int
    lost: int | None
    lost_ranges: tuple[Range, ...]
    uncounted: int
    warned: int
    warned_survived: int | None
    indeterminate: int
    indeterminate_survived: int | None
    refused: int
    refused_survived: int | None


@dataclass(frozen=True, slots=True)
class Safety:
    """How near two nodes came to each other, in seconds; the margin is the least of the trial's handovers."""

    dual_primary_s: float | None
    margin_s: float | None
    margin_least_s: float | None
    margin_most_s: float | None
    vip_shared_s: float | None


@dataclass(frozen=True, slots=True)
class Restoration:
    """How long until all was as before; ``began``: there was a restore."""

    began: bool
    restored_s: float | None
    redundancy_s: float | None


@dataclass(frozen=True, slots=True)
class Recording:
    """How well the recorder kept its rate: how often it was late, and its longest time without a beat."""

    recorder_late: int
    blind_s: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one trial showed. Seconds are floats; None where there was nothing to measure, or it couldn't be.

    ``fencing`` has who was fenced after the fault, its times in seconds since then. ``predicted`` maps a phase to its
    seconds. ``problems`` say in words why the trial isn't recovered.
    """

    subject: Subject
    service: ServiceFigures
    commits: CommitFigures
    safety: Safety
    restoration: Restoration
    recording: Recording
    anatomy: Anatomy
    predicted: dict[str, float]
    fencing: tuple[Fencing, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def recovered(self) -> bool:
        """Whether the trial ended by itself, and every promise was kept."""
        return not self.problems

    @property
    def problem(self) -> str:
        """All problems in one line; empty where there is none."""
        return "; ".join(self.problems)

    @property
    def predicted_s(self) -> float | None:
        """The predicted reaction; None where nothing was predicted."""
        return sum(self.predicted.values()) if self.predicted else None


def judge(events: Iterable[Event], rules: Sequence[JournalRule] = ()) -> tuple[Verdict, ...]:
    """Return the verdict on every trial of a history, in the order they started.

    ``rules`` say what the journals' lines mean; without them no phase is known from a journal.
    """
    return tuple(judge_trial(trial, rules) for trial in trial_records(events))


def judge_trial(
    trial: TrialRecord, rules: Sequence[JournalRule] = (), examiners: Sequence[Examiner] = EXAMINERS
) -> Verdict:
    """Return the verdict on one trial."""
    trial = replace(trial, fencings=_fencings(trial, rules) if rules else None)
    started, injected, own = trial.started, trial.injected, trial.own
    ours = caused(trial)
    last = ours[-1] if ours else None
    through = reads(trial, last)
    again = None if injected is None else redundancy(own, injected)
    checks = examine(trial, examiners)
    return Verdict(
        subject=Subject(
            started.trial, started.cluster, started.instance, started.fault, started.target, started.target_role
        ),
        service=_service(trial, ours, through),
        commits=_commits(own),
        safety=_safety(trial),
        restoration=_restoration(trial, again),
        recording=Recording(len(trial.late), blind_s(trial)),
        anatomy=anatomy(
            trial, rules, last.over if last else None, _read_back(through), again.back if again else None
        ),
        predicted=dict(started.predicted),
        fencing=_since_fault(trial),
        checks=checks,
        problems=tuple(_problems(trial, checks)),
    )


def _fencings(trial: TrialRecord, rules: Sequence[JournalRule]) -> tuple[Fencing, ...]:
    """Return who was fenced after the fault, as the journals of the trial's cluster tell."""
    injected = trial.injected
    if injected is None:
        return ()
    nodes = {node for one in trial.watched for node in one.nodes}
    lines = [line for line in trial.journal if line.t >= injected and (not nodes or line.node in nodes)]
    return fencings(lines, rules)


def _since_fault(trial: TrialRecord) -> tuple[Fencing, ...]:
    """Return the same with times in seconds since the fault."""
    begin = trial.injected or 0.0
    return tuple(
        replace(one, requested=one.requested - begin, ended=_since(begin, one.ended)) for one in trial.fencings or ()
    )


def _service(trial: TrialRecord, ours: tuple[Outage, ...], through: tuple[Reads, ...]) -> ServiceFigures:
    waited = waits(trial.writes, ours)
    return ServiceFigures(
        reaction_s=_since(trial.injected, ours[-1].over if ours else None),
        read_reaction_s=_since(trial.injected, _read_back(through)),
        outages=len(ours),
        later_outages=_later(trial),
        refused_s=waited.refused_s if ours else None,
        hanging_s=waited.hanging_s if ours else None,
        reads_lost=any(one.lost for one in through),
        failed_reads=sum(one.failed for one in through),
        stale_reads=sum(one.stale for one in through),
        oldest_read_s=max((one.oldest_s for one in through), default=None),
        reads_back=times_back(trial.reads),
        read_reactions={one.vip: _since(trial.injected, one.back) for one in through},
    )


def _commits(own: Watched) -> CommitFigures:
    found = commits(own)
    return CommitFigures(
        acknowledged=len(seqs(own, "acknowledged")),
        lost=None if found is None else len(found.lost),
        lost_ranges=() if found is None else to_ranges(found.lost),
        uncounted=0 if found is None else found.uncounted,
        warned=len(seqs(own, "warned")),
        warned_survived=None if found is None else len(found.warned_found),
        indeterminate=len(seqs(own, "indeterminate")),
        indeterminate_survived=None if found is None else len(found.indeterminate_found),
        refused=len(seqs(own, "refused")),
        refused_survived=None if found is None else len(found.refused_found),
    )


def _safety(trial: TrialRecord) -> Safety:
    over = None
    if trial.injected is not None:
        moved = handovers(trial.probes, trial.stops, trial.injected)
        over = min(moved, key=lambda one: one.margin_s, default=None)
    shared = shared_s(tuple(holder for one in trial.watched for holder in one.holders))
    return Safety(
        dual_primary_s=dual_primary_s(trial.probes),
        margin_s=over.margin_s if over else None,
        margin_least_s=over.least_s if over else None,
        margin_most_s=over.most_s if over else None,
        vip_shared_s=max(shared.values(), default=None),
    )


def _restoration(trial: TrialRecord, again: Redundancy | None) -> Restoration:
    restore = trial.restore
    healthy = next((t for t in trial.healthy if restore and t >= restore.t), None)
    return Restoration(
        began=restore is not None,
        restored_s=_since(restore.t if restore else None, healthy),
        redundancy_s=_since(trial.injected, again.back if again else None),
    )


def _problems(trial: TrialRecord, checks: tuple[CheckResult, ...]) -> Iterator[str]:
    """Yield why the trial isn't recovered. A check that couldn't be made is a problem, not a pass."""
    if trial.ended is None:
        yield "the trial was interrupted"
    elif trial.ended.problem:
        yield trial.ended.problem
    yield from dict.fromkeys(check.detail for check in checks if check.outcome != "kept")


def _read_back(through: tuple[Reads, ...]) -> float | None:
    """Return the worst over the VIPs; None where no read was bad, or one VIP never had a fresh read again."""
    if any(one.lost for one in through):
        return None
    return max((one.back for one in through if one.back is not None), default=None)


def _later(trial: TrialRecord) -> int:
    """Return how many outages began after the service was stable, while the cluster was repaired."""
    if trial.stable is None:
        return 0
    return sum(1 for one in outages(trial.writes) if one.began > trial.stable)


def _since(begin: float | None, end: float | None) -> float | None:
    return None if begin is None or end is None else end - begin
