"""``summary.json``: every trial's figures, and their totals. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from tuchanka.analysis.checks.outcome import OUTCOMES
from tuchanka.analysis.phase_totals import sum_phases
from tuchanka.analysis.verdict import Verdict

# Times are measured to a millisecond or so; more digits would only look exact.
DIGITS = 3


def summarise(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the summary, ready for JSON: ``{"trials": [...], "totals": {...}}``.

    Seconds are rounded to the millisecond.
    """
    trials = [_trial(one) for one in verdicts]
    anatomy = [asdict(one) for one in sum_phases(verdicts)]
    summary: dict[str, Any] = _rounded({"trials": trials, "totals": totals(verdicts) | {"anatomy": anatomy}})
    return summary


def _trial(verdict: Verdict) -> dict[str, Any]:
    """Return the figures of a trial, without their groups: the keys of a trial are a contract with other programs."""
    anatomy = verdict.anatomy
    return {
        **asdict(verdict.subject),
        **asdict(verdict.service),
        **asdict(verdict.commits),
        **asdict(verdict.safety),
        "restored_s": verdict.restoration.restored_s,
        "redundancy_s": verdict.restoration.redundancy_s,
        **asdict(verdict.recording),
        "recovered": verdict.recovered,
        "predicted_s": verdict.predicted_s,
        "predicted": verdict.predicted,
        "phases": anatomy.seconds,
        "phases_at": anatomy.at,
        "points": anatomy.points,
        "fencing": [asdict(one) | {"seconds": one.seconds} for one in verdict.fencing],
        "checks": [asdict(check) for check in verdict.checks],
        "problems": list(verdict.problems),
        "problem": verdict.problem,
    }


def totals(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the totals over the trials.

    ``lost`` is None where one trial's loss is unknown, and ``dual_primary_s`` where one trial's nodes were never
    asked: a sum over the others would look like an answer.
    """
    reactions = [one.service.reaction_s for one in verdicts if one.service.reaction_s is not None]
    read_reactions = [one.service.read_reaction_s for one in verdicts if one.service.read_reaction_s is not None]
    redundancies = [one.restoration.redundancy_s for one in verdicts if one.restoration.redundancy_s is not None]
    recovered = sum(1 for one in verdicts if one.recovered)
    return {
        "trials": len(verdicts),
        "recovered": recovered,
        "failed": len(verdicts) - recovered,
        "reaction_median_s": median(reactions) if reactions else None,
        "reaction_max_s": max(reactions, default=None),
        "read_reaction_median_s": median(read_reactions) if read_reactions else None,
        "read_reaction_max_s": max(read_reactions, default=None),
        "acknowledged": sum(one.commits.acknowledged for one in verdicts),
        "lost": _all_or_none([one.commits.lost for one in verdicts], sum),
        "warned": sum(one.commits.warned for one in verdicts),
        "indeterminate": sum(one.commits.indeterminate for one in verdicts),
        "refused": sum(one.commits.refused for one in verdicts),
        "dual_primary_s": _all_or_none([one.safety.dual_primary_s for one in verdicts], max),
        "recorder_late": sum(one.recording.recorder_late for one in verdicts),
        "checks": _checks(verdicts),
        "margin_min_s": min(
            (one.safety.margin_s for one in verdicts if one.safety.margin_s is not None), default=None
        ),
        "vip_shared_s": _all_or_none([one.safety.vip_shared_s for one in verdicts], max),
        "redundancy_median_s": median(redundancies) if redundancies else None,
    }


def _checks(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Count the checks by how they came out."""
    return {
        outcome: sum(1 for one in verdicts for check in one.checks if check.outcome == outcome)
        for outcome in OUTCOMES
    }


def _all_or_none(values: Sequence[Any], reduce: Callable[[Sequence[Any]], Any]) -> Any:
    return reduce(values) if values and None not in values else None


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return value
