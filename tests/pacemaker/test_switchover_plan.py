"""Which standby takes over, and every reason why none may."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.pacemaker.views import CLUSTER, A, B, healthy
from tuchanka.errors import SwitchoverRefused, UnknownName
from tuchanka.stacks.pacemaker.observe import join
from tuchanka.stacks.pacemaker.standby import away
from tuchanka.stacks.pacemaker.state import ClusterState, Copy, InstanceState
from tuchanka.stacks.pacemaker.switchover_plan import Switch, caught_up, choose, standby_refusal
from tuchanka.topology.load import load
from tuchanka.topology.types import Instance, Synchronous

KROGAN2 = CLUSTER.instance("krogan2")
STATE = join(CLUSTER, healthy())
CLUSTER4 = load(None).cluster("tuchanka4")
KROGAN4 = CLUSTER4.instance("krogan4")
NODES4 = tuple(node.name for node in CLUSTER4.nodes)


def copies(state: ClusterState, change: Callable[[Copy], Copy]) -> ClusterState:
    (instance,) = state.instances
    return replace(state, instances=(replace(instance, copies=tuple(change(one) for one in instance.copies)),))


def copy(before: ClusterState, node: str, /, **changes: Any) -> ClusterState:
    return copies(before, lambda one: replace(one, **changes) if one.node == node else one)


def node(state: ClusterState, name: str, **changes: Any) -> ClusterState:
    return replace(state, nodes=tuple(replace(one, **changes) if one.name == name else one for one in state.nodes))


def four(primary: str = NODES4[1], **lags: int) -> ClusterState:
    """tuchanka4, healthy, with the standbys' lags (by the node's last letter)."""

    def one(name: str) -> Copy:
        seen = {"node": name, "timeline": 1, "lsn": "0/5000148"}
        if name == primary:
            return Copy(role="primary", in_recovery=False, state=None, sync_state=None, lag_bytes=None, **seen)
        lag = lags.get(name[-1], 0)
        return Copy(
            role="standby", in_recovery=True, state="streaming", sync_state="potential", lag_bytes=lag, **seen
        )

    nodes = tuple(replace(STATE.nodes[0], name=name) for name in NODES4)
    return replace(STATE, nodes=nodes, instances=(InstanceState("krogan4", tuple(one(name) for name in NODES4)),))


def test_the_only_standby_takes_over():
    assert choose(STATE, KROGAN2) == Switch("krogan2", A, B, "0/5000148")
    assert choose(STATE, KROGAN2, B) == choose(STATE, KROGAN2)


def test_there_is_nothing_to_do_where_it_is_there_already():
    assert choose(STATE, KROGAN2, A).done
    assert not choose(STATE, KROGAN2, B).done
    assert choose(copy(STATE, B, state=None), KROGAN2, A).done


@pytest.mark.parametrize(
    ("state", "best"),
    [
        (four(), "a"),  # home
        (four(a=16 << 20), "a"),
        (four(a=17 << 20, c=5), "d"),
        (four(a=17 << 20, c=5, d=18 << 20), "c"),
        (copy(four(a=17 << 20), NODES4[3], sync_state="sync"), "d"),
        (four(a=17 << 20, c=18 << 20, d=19 << 20), "a"),
        (copy(four(), NODES4[0], state="catchup"), "c"),
        (node(four(), NODES4[0], standby=True), "c"),
        (four(primary=NODES4[0], c=7), "b"),
    ],
)
def test_the_best_standby(state: ClusterState, best: str):
    assert choose(state, KROGAN4).target == f"tuchanka4{best}"


def test_a_node_may_be_named():
    assert choose(four(), KROGAN4, NODES4[3]).target == NODES4[3]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (copy(STATE, B, state=None), "tuchanka2b is not streaming (not connected)"),
        (copy(STATE, B, state="catchup"), "is not streaming (catchup)"),
        (copy(STATE, B, role="stopped"), "tuchanka2b is stopped"),
        (copy(STATE, B, in_recovery=None), "tuchanka2b does not answer"),
        (copy(STATE, B, in_recovery=False), "is called standby but accepts writes"),
        (node(STATE, B, standby=True), "tuchanka2b is in standby"),
        (node(STATE, B, maintenance=True), "tuchanka2b is in maintenance"),
        (node(STATE, B, power="off"), "tuchanka2b is off"),
        (node(STATE, B, stack_running=False), "tuchanka2b does not run the cluster"),
        (node(STATE, B, online=False), "tuchanka2b does not run the cluster"),
        (node(STATE, B, fail_counts={"krogan2": "INFINITY"}), "tuchanka2b has failed (INFINITY)"),
        (node(STATE, B, unclean=True), "tuchanka2b waits to be fenced"),
        (copy(STATE, A, role="standby"), "there is no primary"),
        (copy(STATE, A, in_recovery=None), "the primary on tuchanka2a does not answer"),
        (copy(STATE, A, lsn=None), "the primary on tuchanka2a does not answer"),
        (replace(STATE, quorum=replace(STATE.quorum, quorate=False)), "no quorum"),
        (replace(STATE, maintenance=True), "in maintenance"),
        (node(node(STATE, A, stack_running=False), B, stack_running=False), "not running on any node"),
    ],
)
@pytest.mark.parametrize("to", [None, B])
def test_what_would_lose_commits_is_refused(state: ClusterState, words: str, to: str | None):
    with pytest.raises(SwitchoverRefused, match=r"^krogan2: ") as refused:
        choose(state, KROGAN2, to)
    assert words in str(refused.value)
    assert refused.value.exit_status == 3


def test_a_node_that_does_not_keep_it_is_bad_input():
    with pytest.raises(UnknownName, match="choose from: tuchanka2a, tuchanka2b"):
        choose(STATE, KROGAN2, "tuchanka4a")


def test_a_move_that_would_be_undone_is_refused():
    automatic = replace(KROGAN2, failback="automatic")
    for to in (None, B):
        with pytest.raises(SwitchoverRefused, match=r"at its home|not its home"):
            choose(STATE, automatic, to)
    away_from_home = copy(copy(STATE, A, role="standby", in_recovery=True, state="streaming"), B, role="primary")
    there = copy(away_from_home, B, in_recovery=False, state=None)
    assert choose(there, automatic).target == A


@pytest.mark.parametrize(
    ("state", "missing"),
    [
        (STATE, False),
        (copy(STATE, B, lsn="0/5000150", lag_bytes=8), False),  # it went on meanwhile
        (copy(STATE, B, lsn="0/5000140"), True),
        (copy(STATE, B, lsn=None), True),
        (copy(STATE, B, lag_bytes=17 << 20), True),
        (copy(STATE, B, state="catchup"), True),
        (node(STATE, B, standby=True), True),
    ],
)
def test_the_standby_has_to_come_as_far_as_the_primary_was(state: ClusterState, missing: bool):
    assert bool(caught_up(state, choose(STATE, KROGAN2))) is missing


def test_a_primary_that_moves_meanwhile_ends_it():
    moved = copy(copy(STATE, A, role="standby"), B, role="primary")
    with pytest.raises(SwitchoverRefused, match="not the primary any more"):
        caught_up(moved, choose(STATE, KROGAN2))


SYNCHRONOUS = replace(KROGAN2, synchronous=Synchronous("FIRST", 1))


@pytest.mark.parametrize(
    ("state", "name", "instance", "words"),
    [
        (STATE, A, KROGAN2, ""),
        (STATE, B, KROGAN2, ""),
        (copy(STATE, B, state=None), A, KROGAN2, "krogan2 would stop: no standby could take over (tuchanka2b"),
        (copy(STATE, B, state=None), B, KROGAN2, ""),
        (copy(STATE, A, role="stopped"), A, KROGAN2, ""),
        (STATE, A, SYNCHRONOUS, "commits of krogan2 would wait without end"),
        (STATE, B, SYNCHRONOUS, "commits of krogan2 would wait without end: 0 synchronous standbys would be left"),
        (replace(STATE, quorum=replace(STATE.quorum, quorate=False)), B, KROGAN2, "no quorum"),
        (four(), NODES4[1], KROGAN4, ""),
        (four(), NODES4[0], KROGAN4, ""),
    ],
)
def test_who_may_go_into_standby(state: ClusterState, name: str, instance: Instance, words: str):
    refusal = standby_refusal(state, name, (instance,))
    assert words in refusal
    assert bool(words) is bool(refusal)


def test_a_node_is_away_when_all_it_had_is_served_elsewhere():
    gone = node(copy(STATE, B, role="stopped", in_recovery=None), B, standby=True)
    assert "not in standby" in away(STATE, B)
    assert "krogan2 is standby on tuchanka2b" in away(node(STATE, B, standby=True), B)
    assert away(gone, B) == "krogan2s1 is on tuchanka2b"
    moved = replace(gone, vips=tuple(replace(vip, nodes=(A,)) for vip in gone.vips))
    assert away(moved, B) == ""
    assert "no primary that takes writes" in away(copy(moved, A, in_recovery=True), B)
    assert "is on 0 nodes" in away(replace(moved, vips=(replace(moved.vips[0], nodes=()), moved.vips[1])), B)
