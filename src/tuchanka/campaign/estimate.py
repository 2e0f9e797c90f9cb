"""How long trials will take: from predictions first, then from those already done. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from tuchanka.campaign.plan import Planned
from tuchanka.events import Event, TrialEnded, TrialStarted
from tuchanka.faults.fault import Fault
from tuchanka.lab.stack import Stack
from tuchanka.topology.types import Topology

# What surrounds the reaction: heartbeat and look at the cluster before, stable service, restore, end, journals.
AROUND_S = 27.0
# Between two trials: is everything healthy, and whom to hit?
BETWEEN_S = 2.0
# Where nothing is predicted: about a failover.
UNKNOWN_S = 12.0

Durations = Mapping[tuple[str, str], Sequence[float]]


def durations(events: Iterable[Event]) -> dict[tuple[str, str], list[float]]:
    """Return (cluster, fault) → the seconds that each trial took that has ended without a problem."""
    started: dict[int, TrialStarted] = {}
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in events:
        match event:
            case TrialStarted():
                started[event.trial] = event
            case TrialEnded(problem="") if event.trial in started:
                start = started[event.trial]
                found[start.cluster, start.fault].append(event.t - start.t)
    return dict(found)


def trial_s(trial: Planned, predicted_s: float | None, measured: Durations) -> float:
    """Return how long a trial should take: as this fault did here, else elsewhere, else as predicted."""
    here = measured.get((trial.cluster, trial.fault), ())
    anywhere = [seconds for (_, fault), every in measured.items() if fault == trial.fault for seconds in every]
    if here or anywhere:
        return median(here or anywhere) + BETWEEN_S
    return AROUND_S + BETWEEN_S + (UNKNOWN_S if predicted_s is None else predicted_s)


def left_s(
    trials: Iterable[Planned], predicted: Mapping[str, float | None], measured: Durations, *, parallel: int
) -> float:
    """Return how long the trials should take: no cluster has two at once, and ``parallel`` run at the same time."""
    each: dict[str, float] = defaultdict(float)
    for one in trials:
        each[one.cluster] += trial_s(one, predicted.get(one.fault), measured)
    return max(sum(each.values()) / parallel, *each.values()) if each else 0.0


def in_words(seconds: float) -> str:
    """Return ``50 s``, ``12 min`` or ``3 h 20 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


def predicted_s(
    stack: Stack, topology: Topology, catalogue: Mapping[str, Fault], trials: Iterable[Planned]
) -> dict[str, float]:
    """Return fault → seconds of the longest reaction that is predicted on any of its clusters."""
    found: dict[str, float] = {}
    for one in trials:
        reaction = catalogue[one.fault].predicts
        prediction = reaction and stack.predict(topology, topology.cluster(one.cluster), reaction)
        if prediction:
            found[one.fault] = max(found.get(one.fault, 0.0), prediction.seconds)
    return found
