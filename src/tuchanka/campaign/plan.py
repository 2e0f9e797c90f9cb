"""Which trials a campaign is made of, and in which order: a pure function of what was asked for and a seed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from random import Random

from tuchanka.errors import InputError
from tuchanka.events import CampaignPlanned
from tuchanka.faults.fault import Family, Fault
from tuchanka.faults.targets import unfit
from tuchanka.topology.types import Cluster, Topology

# From the harmless to what destroys data: where something is wrong with a cluster, a gentle fault shows it best.
FAMILIES: tuple[Family, ...] = (
    "operations",
    "processes",
    "power",
    "network",
    "machine",
    "fencing",
    "resources",
    "storage",
    "double",
    "services",
)
# No trial is shorter, so a plan for a time needs no more trials than this allows.
LEAST_TRIAL_S = 15.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. ``target`` is a role, ``random``, or the name of a node or a site.

    Without ``rounds`` and ``duration_s`` every fault is tried once. ``rounds`` alone: each fault so many times.
    ``duration_s`` (seconds): no trial starts after it; without ``rounds`` they go on until then.
    """

    clusters: tuple[str, ...]
    faults: tuple[str, ...]
    target: str
    seed: int
    rounds: int | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """One trial to come; its number is its place in the plan, the same when it is repeated."""

    number: int
    cluster: str
    instance: str
    fault: str
    target: str


def make_plan(topology: Topology, catalogue: Mapping[str, Fault], wish: Wish) -> tuple[Planned, ...]:
    """Return the trials, the clusters taking turns; what comes for one cluster doesn't depend on the others.

    Raises:
        InputError: no fault that was asked for can be tried on any of the clusters.
    """
    clusters = [topology.cluster(name) for name in wish.clusters]
    faults = in_order([catalogue[name] for name in wish.faults])
    fitting = {cluster.name: [one for one in faults if not unfit(one, topology, cluster)] for cluster in clusters}
    if not any(fitting.values()):
        reasons = dict.fromkeys(unfit(one, topology, cluster) for cluster in clusters for one in faults)
        raise InputError(f"no fault can be tried: {'; '.join(reasons)}", hint="see 'tuchanka fault list'")
    sequences = [
        list(islice(_sequence(cluster, fitting[cluster.name], wish), _length(len(fitting[cluster.name]), wish)))
        for cluster in clusters
    ]
    turns = [one for turn in zip_longest(*sequences) for one in turn if one is not None]
    return tuple(
        Planned(number, cluster, instance, fault, wish.target)
        for number, (cluster, instance, fault) in enumerate(turns, 1)
    )


def in_order(faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults family by family, from the harmless to what destroys data, each once."""
    once = {fault.name: fault for fault in faults}.values()
    return sorted(once, key=lambda fault: FAMILIES.index(fault.family))


def _sequence(cluster: Cluster, faults: Sequence[Fault], wish: Wish) -> Iterator[tuple[str, str, str]]:
    """Yield cluster, instance and fault without end: every fault once in order, then again and again as drawn.

    Each later round is drawn as a whole, so that the counts of the faults never differ by more than one.
    """
    draw = Random(f"{wish.seed} {cluster.name}")  # noqa: S311 - to be repeated, not to be secret
    instances = draw.sample(cluster.instances, len(cluster.instances))
    order, turn = list(faults), 0
    while order:
        for place, fault in enumerate(order):
            # The instances take turns within a round; from round to round each fault meets the next one.
            yield cluster.name, instances[(place + turn) % len(instances)].name, fault.name
        order, turn = draw.sample(faults, len(faults)), turn + 1


def _length(faults: int, wish: Wish) -> int | None:
    """Return how many trials of a cluster are planned."""
    if wish.rounds is not None:
        return faults * wish.rounds
    if wish.duration_s is not None:
        return math.ceil(wish.duration_s / LEAST_TRIAL_S) if faults else 0
    return faults


def dice(seed: int, trial: Planned) -> Random:
    """Return what draws the trial's target, the same whenever the trial is repeated."""
    return Random(f"{seed} {trial.number}")  # noqa: S311 - to be repeated, not to be secret


def to_event(t: float, wish: Wish, plan: Sequence[Planned], command: str) -> CampaignPlanned:
    """Return the event that keeps the plan in the history."""
    return CampaignPlanned(
        t,
        seed=wish.seed,
        clusters=list(wish.clusters),
        faults=list(wish.faults),
        target=wish.target,
        rounds=wish.rounds,
        duration_s=wish.duration_s,
        command=command,
        trials=[[one.number, one.cluster, one.instance, one.fault, one.target] for one in plan],
    )


def from_event(event: CampaignPlanned) -> tuple[Wish, tuple[Planned, ...]]:
    """Return what was asked for, and the trials of the plan."""
    wish = Wish(tuple(event.clusters), tuple(event.faults), event.target, event.seed, event.rounds, event.duration_s)
    return wish, tuple(Planned(*one) for one in event.trials)
