"""The phases summed over trials, beside what was predicted. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from tuchanka.analysis.phases import PHASES, POINTS
from tuchanka.analysis.verdict import Verdict

# A prediction that is off by more than this part of what was measured is shown as such.
OFF = 0.25
# Below this a phase is a matter of scheduling, and its part means nothing.
OFF_LEAST_S = 0.5


@dataclass(frozen=True, slots=True)
class PhaseSum:
    """One phase over trials: medians in seconds (None: never seen, or never predicted), and of how many trials."""

    phase: str
    measured_s: float | None
    predicted_s: float | None
    seen: int
    off: bool


@dataclass(frozen=True, slots=True)
class AnatomySum:
    """The trials of one fault on one role of a cluster; ``whole`` is the reaction, ``points_s`` medians of points."""

    cluster: str
    fault: str
    target_role: str
    trials: int
    phases: tuple[PhaseSum, ...]
    whole: PhaseSum
    points_s: dict[str, float | None]


def is_off(predicted_s: float | None, measured_s: float | None) -> bool:
    """Whether a prediction is off by more than a quarter of what was measured (and by more than a trifle)."""
    if predicted_s is None or measured_s is None:
        return False
    return abs(measured_s - predicted_s) > max(OFF * measured_s, OFF_LEAST_S)


def sum_phases(verdicts: Iterable[Verdict]) -> tuple[AnatomySum, ...]:
    """Return the anatomy of every cluster, fault and role, in the order of their first trials."""
    groups: dict[tuple[str, str, str], list[Verdict]] = defaultdict(list)
    for one in verdicts:
        groups[one.subject.cluster, one.subject.fault, one.subject.target_role].append(one)
    return tuple(_sum(*key, own) for key, own in groups.items())


def _sum(cluster: str, fault: str, role: str, own: list[Verdict]) -> AnatomySum:
    seen = {name for one in own for name in (*one.anatomy.seconds, *one.predicted)}
    names = [*(phase for phase in PHASES if phase in seen), *sorted(seen.difference(PHASES))]
    return AnatomySum(
        cluster=cluster,
        fault=fault,
        target_role=role,
        trials=len(own),
        phases=tuple(
            _phase(name, [one.anatomy.seconds.get(name) for one in own], [one.predicted.get(name) for one in own])
            for name in names
        ),
        whole=_phase("reaction", [one.service.reaction_s for one in own], [one.predicted_s for one in own]),
        points_s={point: _median([one.anatomy.points.get(point) for one in own]) for point in POINTS},
    )


def _phase(name: str, measured: list[float | None], predicted: list[float | None]) -> PhaseSum:
    middle, expected = _median(measured), _median(predicted)
    seen = sum(1 for value in measured if value is not None)
    return PhaseSum(name, middle, expected, seen, is_off(expected, middle))


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
