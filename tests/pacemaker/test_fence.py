"""What ``tuchanka fence`` decides, and how it reads a device's answer."""

import asyncio
from dataclasses import replace

import pytest

from tests.pacemaker.views import CLUSTER, A, B, healthy
from tuchanka.errors import DeadlineExceeded, LabError, SwitchoverRefused
from tuchanka.events.fencings import Fencing as Done
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider
from tuchanka.stacks.pacemaker import fence
from tuchanka.stacks.pacemaker.fence import Asked, Plan
from tuchanka.stacks.pacemaker.observe import join
from tuchanka.stacks.pacemaker.render.fencing import agent_input
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.stacks.pacemaker.timing.profiles import FAST
from tuchanka.topology.types import Fencing, FencingDevice

STATE = join(CLUSTER, healthy())
DEVICE = FencingDevice(B, "fence_ipmilan", {"ip": "192.0.2.1"}, bmc=True)
FENCED = replace(CLUSTER, fencing=Fencing(("device", "watchdog"), (DEVICE,)))


def node(state: ClusterState, name: str, **changes: object) -> ClusterState:
    nodes = tuple(replace(one, **changes) if one.name == name else one for one in state.nodes)  # type: ignore[arg-type]
    return replace(state, nodes=nodes)


def test_a_standby_is_fenced_by_the_other_node_and_costs_no_primary():
    assert fence.plan(STATE, CLUSTER, B) == Plan(A, ())


def test_the_primary_is_fenced_where_a_standby_can_take_over_and_its_cost_is_named():
    assert fence.plan(STATE, CLUSTER, A) == Plan(B, ("krogan2",))


def test_the_last_node_that_runs_the_cluster_fences_nobody():
    alone = node(STATE, B, stack_running=False, online=False)
    with pytest.raises(LabError, match="no other node runs the cluster"):
        fence.plan(alone, CLUSTER, A)


def test_a_primary_without_a_fit_standby_is_not_fenced():
    (instance,) = STATE.instances
    copies = tuple(replace(one, state=None) if one.node == B else one for one in instance.copies)
    with pytest.raises(SwitchoverRefused, match="krogan2 would stop"):
        fence.plan(replace(STATE, instances=(replace(instance, copies=copies),)), CLUSTER, A)


def test_without_quorum_nobody_is_fenced():
    with pytest.raises(SwitchoverRefused, match="no quorum"):
        fence.plan(replace(STATE, quorum=replace(STATE.quorum, quorate=False)), CLUSTER, B)


def test_a_node_whose_vote_the_others_need_is_not_fenced():
    few = replace(STATE, quorum=replace(STATE.quorum, votes=2))
    with pytest.raises(SwitchoverRefused, match="would have no quorum without it"):
        fence.plan(few, CLUSTER, B)


def test_the_agent_is_told_what_pacemaker_would_tell_it_and_no_password():
    told = agent_input(DEVICE, FENCED, replace(FAST, fencing=Fencing(FENCED.fencing.levels)), "status")
    lines = told.splitlines()
    assert lines[:3] == ["action=status", f"nodename={B}", "ip=192.0.2.1"]
    assert not [line for line in lines if line.startswith(("pcmk_", "watchdog_timeout", "password="))]
    assert f"ipmitool_path=/usr/lib/tuchanka/fencing/ipmitool-{B}" in lines


@pytest.mark.parametrize(
    ("answer", "says", "problem"),
    [
        (Completed(0, "Status: ON\n", ""), "on", ""),
        (Completed(2, "Status: OFF\n", ""), "off", ""),
        (Completed(1, "", "first\nERROR: no route\n"), "", "ERROR: no route"),
        (Completed(1, "", ""), "", "fence_ipmilan ended with status 1"),
        (DeadlineExceeded("had not ended after 30 s"), "", "had not ended after 30 s"),
    ],
)
def test_an_answer_is_read_by_the_agent_s_status(answer: Completed | Exception, says: str, problem: str):
    async def ask() -> Asked:
        provider = FakeProvider([("fence_ipmilan", answer)])
        machine = provider.machine(A)
        await machine.power_on()
        return await fence._ask(machine, "fence_ipmilan", "action=status\n")

    asked = asyncio.run(ask())
    assert (asked.by, asked.says, asked.problem) == (A, says, problem)


def test_a_node_without_a_device_can_not_be_asked():
    with pytest.raises(LabError, match="has no fencing device"):
        fence.device_of(CLUSTER, A)


def test_what_is_told_of_a_fencing_is_of_this_one_and_of_this_node():
    before, now = (Done(B, A, f"fence-{B}", t, t + 0.5, well=True) for t in (100.0, 200.0))
    other = Done(A, B, f"fence-{A}", 300.0, 300.5, well=True)
    assert fence.latest((before, now, other), B, (before,)) == now
    assert fence.latest((before, other), B, (before,)) is None
