"""Every single thing that is wrong with a cluster is noticed, and said."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.pacemaker.views import CLUSTER, A, B, healthy, look, primary, seen, standby, view
from tuchanka.stacks.pacemaker.crm import INFINITY, CrmView
from tuchanka.stacks.pacemaker.health import CAUGHT_UP_BYTES, problems
from tuchanka.stacks.pacemaker.observe import Look, join
from tuchanka.stacks.pacemaker.state import DeviceState
from tuchanka.topology.types import Fencing, FencingLevel

Harm = Callable[[dict[str, Look]], None]


def on(node: str, **changes: Any) -> Harm:
    def harm(looks: dict[str, Look]) -> None:
        looks[node] = replace(looks[node], **changes)

    return harm


def everywhere(change: Callable[[CrmView], CrmView]) -> Harm:
    def harm(looks: dict[str, Look]) -> None:
        for name, one in looks.items():
            assert one.crm is not None
            looks[name] = replace(one, crm=change(one.crm))

    return harm


def crm(**changes: Any) -> Harm:
    return everywhere(lambda its: replace(its, **changes))


def of_node(node: str, **changes: Any) -> Harm:
    return everywhere(lambda its: replace(its, nodes={**its.nodes, node: replace(its.nodes[node], **changes)}))


def roles(resource: str, **where: str) -> Harm:
    """Have Pacemaker show the resource in these roles on the nodes a and b, and nowhere else."""
    names = {"a": A, "b": B}

    def change(its: CrmView) -> CrmView:
        others = {key: role for key, role in its.roles.items() if key[0] != resource}
        return replace(its, roles={**others, **{(resource, names[node]): role for node, role in where.items()}})

    return everywhere(change)


def quorum(old: str, new: str) -> Harm:
    def harm(looks: dict[str, Look]) -> None:
        for name, one in looks.items():
            assert old in one.quorum
            looks[name] = replace(one, quorum=one.quorum.replace(old, new))

    return harm


def test_a_healthy_cluster_has_no_problems():
    assert problems(join(CLUSTER, healthy()), CLUSTER) == ()


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (on(B, power="off", stack_running=False, watchdog="absent"), f"{B} is off"),
        (on(B, stack_running=False), f"{B} does not run the cluster: 'tuchanka restore {B}' brings it back"),
        (of_node(B, online=False), f"{B} is not online"),
        (of_node(B, unclean=True), f"{B} waits to be fenced"),
        (of_node(B, standby=True), f"{B} is in standby"),
        (of_node(B, maintenance=True), f"{B} is in maintenance"),
        (on(B, watchdog="disarmed"), f"the watchdog of {B} is disarmed"),
        (on(A, watchdog="absent"), f"the watchdog of {A} is absent"),
        (crm(fail_counts={("krogan2", A): "3"}), f"krogan2 failed on {A} (3)"),
        (crm(fail_counts={("krogan2s1-vip", B): "INFINITY"}), f"krogan2s1-vip failed on {B} (INFINITY)"),
        (quorum("Quorate:          Yes", "Quorate:          No"), "no quorum"),
        (quorum("         0          1            Qdevice", ""), "the quorum device gives no vote"),
        (
            quorum("0          1            Qdevice", "0          0            Qdevice (votes 1)"),
            "the quorum device gives no vote",
        ),
        (crm(coordinator=None), "no coordinator is elected"),
        (crm(fencing=False), "fencing is disabled"),
        (crm(maintenance=True), "the cluster is in maintenance"),
        (roles("krogan2", a="Unpromoted", b="Unpromoted"), "krogan2 has no primary"),
        (roles("krogan2", a="Promoted", b="Promoted"), "krogan2 has 2 primaries"),
        (roles("krogan2", a="Promoted"), f"krogan2 on {B} is stopped"),
        (on(B, sql={}), f"krogan2 on {B} does not answer"),
        (on(A, sql={}), f"krogan2 on {A} does not answer"),
        (on(A, sql={"krogan2": standby()}), f"krogan2 on {A} is called primary but is in recovery"),
        (on(B, sql={"krogan2": primary()}), f"krogan2 on {B} is called standby but accepts writes"),
        (on(A, sql={"krogan2": primary(state="catchup")}), f"krogan2 on {B} is catchup"),
        (on(A, sql={"krogan2": {**primary(), "standbys": {}}}), f"krogan2 on {B} is not streaming"),
        (on(A, sql={"krogan2": primary(lag=CAUGHT_UP_BYTES + 1)}), f"krogan2 on {B} is catching up"),
        (roles("krogan2-vip"), "krogan2 is not started"),
        (roles("krogan2-vip", a="Started", b="Started"), "krogan2 is on 2 nodes"),
        (roles("krogan2-vip", b="Started"), f"krogan2 is on {B}, the primary is on {A}"),
        (roles("krogan2s1-vip"), "krogan2s1 is not started"),
        (roles("krogan2s1-vip", a="Started", b="Started"), "krogan2s1 is on 2 nodes"),
        (roles("krogan2s1-vip", a="Started"), "krogan2s1 is on the primary although a standby could hold it"),
    ],
)
def test_each_problem_is_noticed(harm: Harm, expected: str):
    looks = healthy()
    harm(looks)
    assert expected in problems(join(CLUSTER, looks), CLUSTER)


def test_a_little_lag_is_no_problem():
    looks = {A: look(primary(lag=CAUGHT_UP_BYTES)), B: look(standby())}
    assert problems(join(CLUSTER, looks), CLUSTER) == ()


def test_a_cluster_that_runs_nowhere_is_one_problem():
    looks = {name: Look("on", "disarmed") for name in (A, B)}
    assert problems(join(CLUSTER, looks), CLUSTER) == ("the cluster is not running on any node",)


def test_after_a_failover_everything_that_is_missing_is_said_and_nothing_that_follows_from_it():
    alone = {**primary(), "standbys": {}}
    survivor = look(alone, crm=replace(view("survivor.xml"), fail_counts={}), quorum=seen("quorum.txt"))
    assert problems(join(CLUSTER, {A: Look("off", "absent"), B: survivor}), CLUSTER) == (
        f"{A} is off",
        f"krogan2 on {A} is stopped",
        "krogan2s1 is not started",
    )


def test_the_standby_address_may_be_on_the_primary_when_no_standby_is_left():
    looks = healthy()
    for harm in (roles("krogan2", a="Promoted"), roles("krogan2s1-vip", a="Started")):
        harm(looks)
    assert problems(join(CLUSTER, looks), CLUSTER) == (f"krogan2 on {B} is stopped",)


@pytest.mark.parametrize("score", [None, 0, -1, -INFINITY])
def test_a_standby_that_nobody_would_promote_is_a_problem(score: int | None):
    looks = healthy()
    crm(scores={("krogan2", A): 1001} | ({} if score is None else {("krogan2", B): score}))(looks)
    assert problems(join(CLUSTER, looks), CLUSTER) == (f"krogan2 on {B} has no promotion score yet",)


@pytest.mark.parametrize(
    ("unclean", "levels", "told"),
    [
        (True, ("device",), True),
        (False, ("device",), False),
        (True, ("device", "watchdog"), False),
    ],
)
def test_where_only_a_silent_device_could_fence_a_node_the_way_out_is_told(
    unclean: bool, levels: tuple[FencingLevel, ...], told: bool
):
    state = join(CLUSTER, healthy())
    nodes = tuple(replace(node, unclean=unclean) if node.name == B else node for node in state.nodes)
    silent = DeviceState(B, f"fence-{B}", (), failed=True, askable=True)
    found = problems(replace(state, nodes=nodes, devices=(silent,)), replace(CLUSTER, fencing=Fencing(levels=levels)))
    assert any("doesn't answer" in problem for problem in found)
    assert any(f"'stonith_admin --confirm {B}'" in problem for problem in found) is told
