"""Plans: each fault once, then as drawn; the same for the same seed."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.campaign.plan import (
    FAMILIES,
    LEAST_TRIAL_S,
    Planned,
    Wish,
    dice,
    from_event,
    in_order,
    make_plan,
    to_event,
)
from tuchanka.errors import InputError
from tuchanka.events import from_json, to_json
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Family, Fault
from tuchanka.topology.load import load

TOPOLOGY = load(None)
CLUSTERS = tuple(cluster.name for cluster in TOPOLOGY.clusters)
POWER_OFF = CATALOGUE["power-off"]


def fault(number: int, family: Family = "power", **other: object) -> Fault:
    return replace(POWER_OFF, name=f"fault-{number}", family=family, **other)


FAULTS = {one.name: one for one in (fault(number, FAMILIES[number]) for number in reversed(range(6)))}
WISHES = st.builds(
    Wish,
    clusters=st.lists(st.sampled_from(CLUSTERS), min_size=1, unique=True).map(tuple),
    faults=st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, unique=True).map(tuple),
    target=st.sampled_from(("primary", "standby", "random")),
    seed=st.integers(0, 2**32),
    rounds=st.none() | st.integers(1, 5),
    duration_s=st.none() | st.floats(1, 2000),
)


def of(plan: tuple[Planned, ...], cluster: str) -> list[Planned]:
    return [one for one in plan if one.cluster == cluster]


def test_every_family_has_its_place():
    assert sorted(FAMILIES) == sorted(get_args(Family))


@given(WISHES)
def test_the_same_wish_is_the_same_plan(wish: Wish):
    plan = make_plan(TOPOLOGY, FAULTS, wish)
    assert plan == make_plan(TOPOLOGY, FAULTS, wish)
    assert [one.number for one in plan] == list(range(1, len(plan) + 1))
    assert {one.target for one in plan} == {wish.target}


@given(WISHES)
def test_first_every_fault_once_in_order_then_counts_stay_even(wish: Wish):
    plan = make_plan(TOPOLOGY, FAULTS, wish)
    for name in wish.clusters:
        own = of(plan, name)
        assert [one.fault for one in own[: len(wish.faults)]] == sorted(wish.faults)[: len(own)]
        for end in range(len(wish.faults), len(own) + 1, 7):
            counts = Counter(one.fault for one in own[:end])
            assert max(counts.values()) - min(counts[name] for name in wish.faults) <= 1


@given(WISHES)
def test_as_many_as_were_asked_for(wish: Wish):
    plan = make_plan(TOPOLOGY, FAULTS, wish)
    for name in wish.clusters:
        counts = Counter(one.fault for one in of(plan, name))
        if wish.rounds is not None:
            assert counts == dict.fromkeys(wish.faults, wish.rounds)
        elif wish.duration_s is None:
            assert counts == dict.fromkeys(wish.faults, 1)
        else:
            assert counts.total() * LEAST_TRIAL_S >= wish.duration_s


@given(WISHES)
def test_what_comes_for_a_cluster_does_not_depend_on_the_others(wish: Wish):
    plan = make_plan(TOPOLOGY, FAULTS, wish)
    for name in wish.clusters:
        alone = make_plan(TOPOLOGY, FAULTS, replace(wish, clusters=(name,)))
        assert [replace(one, number=0) for one in of(plan, name)] == [replace(one, number=0) for one in alone]


@given(WISHES)
def test_the_clusters_take_turns_as_long_as_each_has_trials(wish: Wish):
    plan = make_plan(TOPOLOGY, FAULTS, wish)
    turn = len(wish.clusters)
    for begin in range(0, len(plan), turn):
        assert [one.cluster for one in plan[begin : begin + turn]] == list(wish.clusters)


@given(WISHES)
def test_instances_take_turns_and_every_fault_meets_every_instance(wish: Wish):
    wish = replace(wish, clusters=("tuchanka1",), rounds=2, duration_s=None)
    plan = make_plan(TOPOLOGY, FAULTS, wish)
    for begin in (0, len(wish.faults)):
        for one, other in pairwise(plan[begin : begin + len(wish.faults)]):
            assert one.instance != other.instance
    if len(wish.faults) == 1:
        assert {one.instance for one in plan} == {"krogan1a", "krogan1b"}


def test_another_seed_is_another_order():
    wish = Wish(("tuchanka2",), tuple(FAULTS), "primary", seed=1, rounds=3)
    orders = {tuple(one.fault for one in make_plan(TOPOLOGY, FAULTS, replace(wish, seed=seed))) for seed in range(20)}
    assert len(orders) > 10
    first, *later = (order[:6] for order in orders)
    assert all(one == first for one in later)


def test_the_gentle_comes_before_what_destroys_data():
    drawn = [fault(1, "double"), fault(2, "operations"), fault(3, "storage"), fault(4), fault(2, "operations")]
    assert [one.family for one in in_order(drawn)] == ["operations", "power", "storage", "double"]


def test_what_does_not_fit_a_cluster_is_left_out_there():
    def only_two(cluster: object) -> str:
        return "" if getattr(cluster, "name", "") == "tuchanka2" else "it is too large"

    faults = {"a": fault(1), "b": fault(2, unfit=only_two)}
    catalogue = {one.name: one for one in faults.values()}
    wish = Wish(CLUSTERS, tuple(catalogue), "primary", seed=1)
    plan = make_plan(TOPOLOGY, catalogue, wish)
    assert [(one.cluster, one.fault) for one in plan] == [
        ("tuchanka1", "fault-1"),
        ("tuchanka2", "fault-1"),
        ("tuchanka4", "fault-1"),
        ("tuchanka2", "fault-2"),
    ]
    with pytest.raises(InputError, match="no fault can be tried: it is too large"):
        make_plan(TOPOLOGY, catalogue, replace(wish, clusters=("tuchanka4",), faults=("fault-2",)))


@given(WISHES)
def test_the_history_keeps_the_plan(wish: Wish):
    plan = make_plan(TOPOLOGY, FAULTS, wish)
    event = from_json(to_json(to_event(1.0, wish, plan, "tuchanka test")))
    assert from_event(event) == (wish, plan)  # type: ignore[arg-type]


def test_a_repeated_trial_draws_the_same():
    trial = Planned(7, "tuchanka4", "krogan4", "power-off", "random")
    assert dice(3, trial).random() == dice(3, trial).random()
    assert dice(3, trial).random() != dice(3, replace(trial, number=8)).random()
