"""``summary.json``: every trial's figures, and their totals. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from tuchanka.analysis.phase_totals import sum_phases
from tuchanka.analysis.verdict import Verdict

# Times are measured to a millisecond or so; more digits would only look exact.
DIGITS = 3


def summarise(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the summary, ready for JSON: ``{"trials": [...], "totals": {...}}``.

    Seconds are rounded to the millisecond.
    """
    trials = [{**asdict(one), "problem": one.problem} for one in verdicts]
    anatomy = [asdict(one) for one in sum_phases(verdicts)]
    summary: dict[str, Any] = _rounded({"trials": trials, "totals": totals(verdicts) | {"anatomy": anatomy}})
    return summary


def totals(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the totals over the trials.

    ``lost`` is None where one trial's loss is unknown, and ``dual_primary_s`` where one trial's nodes were never
    asked: a sum over the others would look like an answer.
    """
    reactions = [one.reaction_s for one in verdicts if one.reaction_s is not None]
    read_reactions = [one.read_reaction_s for one in verdicts if one.read_reaction_s is not None]
    redundancies = [one.redundancy_s for one in verdicts if one.redundancy_s is not None]
    recovered = sum(1 for one in verdicts if one.recovered)
    return {
        "trials": len(verdicts),
        "recovered": recovered,
        "failed": len(verdicts) - recovered,
        "reaction_median_s": median(reactions) if reactions else None,
        "reaction_max_s": max(reactions, default=None),
        "read_reaction_median_s": median(read_reactions) if read_reactions else None,
        "read_reaction_max_s": max(read_reactions, default=None),
        "acknowledged": sum(one.acknowledged for one in verdicts),
        "lost": _all_or_none([one.lost for one in verdicts], sum),
        "indeterminate": sum(one.indeterminate for one in verdicts),
        "refused": sum(one.refused for one in verdicts),
        "dual_primary_s": _all_or_none([one.dual_primary_s for one in verdicts], max),
        "recorder_late": sum(one.recorder_late for one in verdicts),
        "checks": _checks(verdicts),
        "margin_min_s": min((one.margin_s for one in verdicts if one.margin_s is not None), default=None),
        "vip_shared_s": _all_or_none([one.vip_shared_s for one in verdicts], max),
        "redundancy_median_s": median(redundancies) if redundancies else None,
    }


def _checks(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Count the checks by how they came out."""
    return {
        outcome: sum(1 for one in verdicts for check in one.checks if check.outcome == outcome)
        for outcome in ("held", "broken", "not checked")
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
