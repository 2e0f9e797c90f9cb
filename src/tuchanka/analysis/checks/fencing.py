"""Whether fencing told the truth, and hit whom it was to hit, by the power log. Pure; each function is one check."""

from collections.abc import Iterator

from tuchanka.analysis.checks.audit import NOBODY
from tuchanka.analysis.checks.outcome import Judgement, judged
from tuchanka.analysis.trial_record import TrialRecord
from tuchanka.events.fencings import Fencing

# A journal's times are translated from the node's clock, so a stop may seem to come a little after what it caused.
CLOCK_S = 0.2


def truth(trial: TrialRecord) -> Judgement:
    """Check that every node that counted as fenced between the fault and its healing had stopped by then."""
    if trial.fencings is None:
        return judged([], ["what the journals say of fencing is not known"])
    counted = tuple(_counted(trial, trial.fencings))
    harm, seen = [], []
    for one, at in counted:
        stops = [stop for stop in trial.stops if stop.node == one.target]
        words = f"{one.target} counted as fenced {at - (trial.injected or 0.0):.2f} s after the fault"
        if any(stop.t <= at + CLOCK_S for stop in stops):
            seen.append(words)
        elif later := next(iter(stops), None):
            harm.append(f"{words}, and stopped {later.t - at:.2f} s later, by {later.reason}")
        else:
            harm.append(f"{words}, and never stopped")
    unlogged = tuple(_unlogged(trial, {one.target for one, _ in counted}))
    # Without a power log there is no stop to be seen.
    return judged([] if unlogged else harm, unlogged, "; ".join(seen) or "no node was fenced")


def _counted(trial: TrialRecord, fencings: tuple[Fencing, ...]) -> Iterator[tuple[Fencing, float]]:
    """Yield the first success with each node, and when, between the fault and its healing."""
    until, targets = trial.end if trial.healed is None else trial.healed, set[str]()
    for one in sorted(fencings, key=lambda each: each.ended or 0.0):
        within = one.ended is not None and (trial.injected or 0.0) <= one.ended <= until
        if one.ended is not None and within and one.well and one.target not in targets:
            targets.add(one.target)
            yield one, one.ended


def bystanders(trial: TrialRecord) -> Judgement:
    """Check that no node stopped that the fault did not hit."""
    injected = trial.injected or 0.0
    harm = (
        f"{stop.node} stopped by {stop.reason} {stop.t - injected:.2f} s after the fault, which did not hit it"
        for stop in trial.stops
        if stop.t >= injected and stop.node not in trial.hit
    )
    nodes = {node for one in trial.watched for node in one.nodes}.difference(trial.hit)
    return judged(harm, _unlogged(trial, nodes))


def _unlogged(trial: TrialRecord, nodes: set[str]) -> Iterator[str]:
    """Name those of the nodes whose stops nobody has logged."""
    if not trial.audits:
        yield NOBODY
    logged = {one.node for one in trial.audits if one.power_log}
    yield from (f"nobody logs when {node} stops" for node in sorted(nodes - logged))
