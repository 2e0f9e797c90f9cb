from dataclasses import replace
from typing import Any

import pytest

from tests.pacemaker.views import CLUSTER, A, B, healthy, look, primary, seen, standby, view
from tuchanka.stacks.pacemaker.changes import Change, changes
from tuchanka.stacks.pacemaker.observe import Look, join
from tuchanka.stacks.pacemaker.state import ClusterState

HEALTHY = join(CLUSTER, healthy())
LOST = join(CLUSTER, {A: Look("off", "absent"), B: look({**primary(), "standbys": {}}, crm=view("survivor.xml"))})


def between(before: ClusterState, after: ClusterState) -> list[tuple[str, str]]:
    found = changes(before, after)
    assert {change.cluster for change in found} <= {"tuchanka2"}
    return [(change.text, change.tone) for change in found]


def with_node(name: str, **fields: Any) -> ClusterState:
    return replace(HEALTHY, nodes=tuple(replace(n, **fields) if n.name == name else n for n in HEALTHY.nodes))


def with_copy(name: str, **fields: Any) -> ClusterState:
    (one,) = HEALTHY.instances
    copies = tuple(replace(copy, **fields) if copy.node == name else copy for copy in one.copies)
    return replace(HEALTHY, instances=(replace(one, copies=copies),))


def test_the_loss_of_a_primary_from_the_machine_up_to_the_service():
    assert between(HEALTHY, LOST) == [
        (f"{A} is switched off", "bad"),
        (f"{A} no longer runs the cluster", "bad"),
        (f"{A} is offline", "bad"),
        (f"{A} waits to be fenced", "bad"),
        (f"the watchdog of {A}: armed → absent", "bad"),
        (f"krogan2 failed on {B} (2)", "bad"),
        (f"krogan2s1-vip failed on {B} (INFINITY)", "bad"),
        (f"coordinator: {A} → {B}", "plain"),
        (f"the primary of krogan2: {A} → {B}", "good"),
        (f"krogan2 on {A}: primary → stopped", "bad"),
        (f"krogan2 on {A} does not answer", "bad"),
        (f"krogan2 on {B}: standby → primary", "good"),
        (f"the VIP krogan2: {A} → {B}", "good"),
        (f"the VIP krogan2s1: {B} → nowhere", "bad"),
    ]


def test_whatever_went_comes_back():
    back = between(LOST, HEALTHY)
    assert len(back) == len(between(HEALTHY, LOST)) + 1
    assert (f"krogan2 on {B}: not streaming → streaming, async", "good") in back
    assert (f"the failures of krogan2 on {B} are cleaned up", "good") in back
    assert (f"{A} need not be fenced any more", "good") in back


def test_what_moves_all_the_time_is_no_change():
    moved = join(CLUSTER, {A: look(primary(lag=99)), B: look({**standby(), "lsn": "0/6000000"})})
    assert between(HEALTHY, moved) == between(HEALTHY, HEALTHY) == []
    assert between(HEALTHY, with_copy(B, score=5)) == []


@pytest.mark.parametrize(
    ("after", "text", "tone"),
    [
        (with_node(B, standby=True), f"{B} is in standby", "plain"),
        (with_node(B, maintenance=True), f"{B} is in maintenance", "plain"),
        (with_node(B, watchdog="disarmed"), f"the watchdog of {B}: armed → disarmed", "bad"),
        (with_node(A, fail_counts={"krogan2": "1"}), f"krogan2 failed on {A} (1)", "bad"),
        (with_copy(B, state="catchup"), f"krogan2 on {B}: streaming, async → catchup, async", "bad"),
        (with_copy(B, sync_state="sync"), f"krogan2 on {B}: streaming, async → streaming, sync", "good"),
        (with_copy(B, timeline=2), f"krogan2 on {B}: timeline 1 → 2", "plain"),
        (with_copy(B, in_recovery=None), f"krogan2 on {B} does not answer", "bad"),
        (replace(HEALTHY, coordinator=None), f"coordinator: {A} → none", "plain"),
        (replace(HEALTHY, fencing=False), "fencing is disabled", "bad"),
        (replace(HEALTHY, maintenance=True), "the cluster is in maintenance", "plain"),
        (replace(HEALTHY, quorum=replace(HEALTHY.quorum, quorate=False)), "quorum is lost", "bad"),
        (replace(HEALTHY, quorum=replace(HEALTHY.quorum, votes=2)), "votes: 3 of 3 → 2 of 3", "bad"),
        (replace(HEALTHY, quorum=replace(HEALTHY.quorum, device=False)), "the quorum device does not vote", "bad"),
    ],
)
def test_one_thing(after: ClusterState, text: str, tone: str):
    assert between(HEALTHY, after) == [(text, tone)]


def test_a_vip_on_two_nodes():
    first, second = HEALTHY.vips
    after = replace(HEALTHY, vips=(replace(first, nodes=(A, B)), second))
    assert changes(HEALTHY, after) == (Change("tuchanka2", f"the VIP krogan2: {A} → {A} and {B}", "bad"),)


def test_a_node_that_lost_quorum_is_seen_by_the_other():
    alone = {name: replace(one, quorum=seen("no-quorum.txt")) for name, one in healthy().items()}
    assert ("quorum is lost", "bad") in between(HEALTHY, join(CLUSTER, alone))
