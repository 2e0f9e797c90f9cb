"""Whom a fault hits."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.described import described
from tuchanka.errors import InputError, LabError, UnknownName
from tuchanka.faults.fault import Scope
from tuchanka.faults.targets import check_target, kind_of, machines_of, resolve, unfit
from tuchanka.topology.load import load

TOPOLOGY = load(None)
FOUR = TOPOLOGY.cluster("tuchanka4")
ROLES = {"tuchanka4a": "standby", "tuchanka4b": "standby", "tuchanka4c": "primary", "tuchanka4d": "standby"}


def hit(scope: Scope, wanted: str, seed: int = 1) -> str:
    return resolve(described(scope), TOPOLOGY, FOUR, "krogan4", wanted, ROLES, Random(seed))


@pytest.mark.parametrize(
    ("scope", "wanted", "target"),
    [
        ("node", "primary", "tuchanka4c"),
        ("node", "tuchanka4d", "tuchanka4d"),
        ("node", "dc2", "dc2"),
        ("site", "primary", "dc2"),
        ("site", "tuchanka4a", "dc1"),
        ("site", "dc1", "dc1"),
        ("cluster", "standby", "tuchanka4"),
        ("cluster", "tuchanka4a", "tuchanka4"),
        ("witness", "primary", "witness"),
    ],
)
def test_what_is_asked_for_is_widened_to_the_scope(scope: Scope, wanted: str, target: str):
    assert hit(scope, wanted) == target


@given(st.integers())
def test_a_seed_decides_between_standbys(seed: int):
    assert hit("node", "standby", seed) == hit("node", "standby", seed) != "tuchanka4c"
    assert hit("node", "random", seed) in ROLES


def test_a_fault_of_one_role_hits_that_role_unless_a_node_is_named():
    fault = replace(described("node"), role="standby")
    for wanted, role in (("primary", "standby"), ("random", "standby"), ("tuchanka4c", "primary")):
        assert ROLES[resolve(fault, TOPOLOGY, FOUR, "krogan4", wanted, ROLES, Random(1))] == role


def test_every_standby_has_its_turn():
    assert {hit("node", "standby", seed) for seed in range(40)} == set(ROLES) - {"tuchanka4c"}
    assert {hit("node", "random", seed) for seed in range(40)} == set(ROLES)


def test_what_cannot_be_hit():
    with pytest.raises(UnknownName, match="tuchanka2a"):
        hit("node", "tuchanka2a")
    with pytest.raises(LabError, match="krogan4 has no primary"):
        resolve(described("node"), TOPOLOGY, FOUR, "krogan4", "primary", {}, Random(1))


@pytest.mark.parametrize(
    ("scope", "target", "machines"),
    [
        ("node", "tuchanka4a", ["tuchanka4a"]),
        ("node", "witness", ["witness"]),
        ("site", "dc1", ["tuchanka4a", "tuchanka4b"]),
        ("cluster", "tuchanka4", list(ROLES)),
        ("witness", "witness", ["witness"]),
    ],
)
def test_the_machines_of_a_target(scope: Scope, target: str, machines: list[str]):
    assert list(machines_of(TOPOLOGY, FOUR, scope, target)) == machines


def test_without_a_cluster_a_site_is_everything_there():
    assert machines_of(TOPOLOGY, None, "site", "dc3") == ("witness",)
    assert len(machines_of(TOPOLOGY, None, "node", "dc1")) == 4


@pytest.mark.parametrize(
    ("scope", "name", "words"),
    [
        ("site", "tuchanka2a", "acts on a site, and tuchanka2a is a node; choose from: dc1, dc2"),
        ("cluster", "dc1", "acts on a cluster, and dc1 is a site; choose from: tuchanka1"),
        ("witness", "tuchanka2a", "acts on the witness, and tuchanka2a is a node; choose from: witness"),
    ],
)
def test_a_target_of_the_wrong_kind(scope: Scope, name: str, words: str):
    with pytest.raises(InputError, match=words):
        check_target(described(scope), TOPOLOGY, name)


def test_targets_of_the_right_kind():
    for scope, name in (("node", "dc1"), ("node", "tuchanka2"), ("node", "witness"), ("site", "dc2")):
        check_target(described(scope), TOPOLOGY, name)
    assert [kind_of(TOPOLOGY, name) for name in ("tuchanka2a", "dc1", "tuchanka2")] == ["node", "site", "cluster"]
    with pytest.raises(UnknownName, match="no machine, site or cluster called 'x'"):
        kind_of(TOPOLOGY, "x")


def test_a_fault_of_the_witness_wants_one():
    assert [unfit(described("witness"), TOPOLOGY, one) for one in TOPOLOGY.clusters] == ["", "", ""]
