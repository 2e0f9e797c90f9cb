"""Trials of one kind together: the same cluster, fault and role of the target. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tuchanka.analysis.phase_totals import AnatomySum, sum_phases
from tuchanka.report.other_systems import OtherFigure
from tuchanka.report.runs import Report, ReportedTrial
from tuchanka.report.statistics import Spread, spread


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What the trials of a group have in common. ``run`` is empty where the runs are pooled."""

    cluster: str
    fault: str
    role: str
    run: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Trials of one kind. ``writes`` and ``reads`` are the reactions, in seconds, of those that have one.

    ``lost`` is None where one trial's loss is unknown; ``judged`` is how many acknowledged commits were looked for.
    """

    key: Key
    trials: tuple[ReportedTrial, ...]
    writes: tuple[float, ...]
    reads: tuple[float, ...]
    lost: int | None
    judged: int
    failed: int
    anatomy: AnatomySum

    @property
    def predicted_s(self) -> float | None:
        """The reaction that was predicted."""
        return self.anatomy.whole.predicted_s

    @property
    def write_spread(self) -> Spread | None:
        """The write reactions in short."""
        return spread(self.writes)

    @property
    def read_spread(self) -> Spread | None:
        """The read reactions in short."""
        return spread(self.reads)


def figures_elsewhere(report: Report, group: Group) -> list[OtherFigure | None]:
    """Return each other system's figure for this kind of trial."""
    return [one.of(group.key.cluster, group.key.fault, group.key.role) for one in report.other_systems]


def groups_of(report: Report) -> tuple[Group, ...]:
    """Return the groups of a report, ordered by cluster, fault, role and run."""
    return tuple(group for run in pools(report) for group in run)


def pools(report: Report) -> tuple[tuple[Group, ...], ...]:
    """Return the groups: of all runs together, or of each run in a comparison."""
    if report.compare:
        return tuple(_grouped(run.trials, run.name) for run in report.runs)
    return (_grouped(report.trials, ""),)


def _grouped(trials: Sequence[ReportedTrial], run: str) -> tuple[Group, ...]:
    found: dict[Key, list[ReportedTrial]] = {}
    for trial in trials:
        one = trial.verdict
        found.setdefault(Key(one.subject.cluster, one.subject.fault, one.subject.target_role, run), []).append(trial)
    return tuple(_group(key, found[key]) for key in sorted(found))


def _group(key: Key, trials: list[ReportedTrial]) -> Group:
    verdicts = [trial.verdict for trial in trials]
    lost = [one.commits.lost for one in verdicts]
    known = [one for one in lost if one is not None]
    return Group(
        key=key,
        trials=tuple(trials),
        writes=tuple(value for value in map(write_reaction, trials) if value is not None),
        reads=tuple(value for value in map(read_reaction, trials) if value is not None),
        lost=sum(known) if len(known) == len(lost) else None,
        judged=sum(one.commits.acknowledged - one.commits.uncounted for one in verdicts),
        failed=sum(1 for one in verdicts if not one.recovered),
        anatomy=sum_phases(verdicts)[0],
    )


def write_reaction(trial: ReportedTrial) -> float | None:
    """Return how long writes were away: 0 if never, infinite if they didn't come back.

    None where nothing was injected.
    """
    if trial.recorded.injected is None:
        return None
    if trial.verdict.service.reaction_s is not None:
        return trial.verdict.service.reaction_s
    return math.inf if trial.verdict.service.outages else 0.0


def read_reaction(trial: ReportedTrial) -> float | None:
    """Return how long fresh reads were away, as ``write_reaction`` does; None, too, if nothing was read."""
    verdict = trial.verdict
    if trial.recorded.injected is None or not verdict.service.read_reactions:
        return None
    if verdict.service.read_reaction_s is not None:
        return verdict.service.read_reaction_s
    return math.inf if verdict.service.reads_lost else 0.0


def as_json(group: Group) -> dict[str, Any]:
    """Return a group for ``summary.json``; infinity, which JSON doesn't have, is "never"."""
    return {
        "cluster": group.key.cluster,
        "fault": group.key.fault,
        "target_role": group.key.role,
        **({"run": group.key.run} if group.key.run else {}),
        "trials": len(group.trials),
        "failed": group.failed,
        "lost": group.lost,
        "acknowledged": group.judged,
        "predicted_s": group.predicted_s,
        "reaction_s": spread_json(group.write_spread),
        "read_reaction_s": spread_json(group.read_spread),
    }


def spread_json(found: Spread | None) -> dict[str, Any] | None:
    """Return a sample in short for JSON, seconds to the millisecond."""
    if found is None:
        return None
    return {
        "count": found.count,
        "away": found.away,
        "never": found.never,
        **{name: seconds_json(getattr(found, name)) for name in ("median", "low", "high", "least", "worst")},
        "interval": None if found.interval is None else [seconds_json(bound) for bound in found.interval],
    }


def seconds_json(value: float) -> float | str:
    """Return seconds to the millisecond, infinity as "never"."""
    return "never" if math.isinf(value) else round(value, 3)
