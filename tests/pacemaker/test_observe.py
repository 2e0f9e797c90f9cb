import asyncio
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.pacemaker.views import CLUSTER, A, B, healthy, look, primary, seen, standby, view
from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider, Step
from tuchanka.sections import read_sections
from tuchanka.stacks.pacemaker.health import problems
from tuchanka.stacks.pacemaker.observe import Look, join, observe, script
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.topology.load import load

TOPOLOGY = load(None)


def shown(sql: str, *, stack: str = "active\nactive", crm: str = "healthy.xml") -> str:
    """What the script writes on a node."""
    quorum = seen("quorum.txt")
    return f"@@stack\n{stack}\n\n@@quorum\n{quorum}\n@@qdevice\n\n@@crm\n{seen(crm)}\n@@sql krogan2\n{sql}\n"


def lab(answers: dict[str, Completed | Exception], *, on: tuple[str, ...] = (A, B)) -> tuple[Lab, FakeProvider]:
    provider = FakeProvider(lambda step: answers.get(step.machine))

    async def switch_on() -> None:
        for name in on:
            await provider.machine(name).power_on()
            provider.machine(name).armed = True

    asyncio.run(switch_on())
    return Lab(LabFolder(Path("/nowhere")), TOPOLOGY, provider, PACEMAKER), provider


def good() -> dict[str, Completed | Exception]:
    return {A: Completed(0, shown(json.dumps(primary())), ""), B: Completed(0, shown(json.dumps(standby())), "")}


def test_sections_are_told_apart_and_a_text_without_them_is_none():
    text = "noise\n@@stack\nactive\nactive\n\n@@sql krogan2\n{}\n@@crm\n"
    assert read_sections(text) == {"stack": "active\nactive", "sql krogan2": "{}", "crm": ""}
    assert read_sections("") == {}
    assert read_sections("no@@section") == {}


@pytest.mark.parametrize("node", [A, B])
def test_the_script_is_shell_and_asks_every_instance_of_the_node(node: str):
    text = script(CLUSTER, node)
    done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert text.count("@@sql krogan2") == 1
    one = TOPOLOGY.cluster("tuchanka1")
    only = replace(one, instances=(replace(one.instances[0], nodes=("tuchanka1b",)),))
    assert "@@sql" not in script(only, "tuchanka1a")


@pytest.mark.skipif(shutil.which("timeout") is None, reason="no timeout(1) on this host")
def test_where_nothing_of_it_is_installed_the_script_still_ends_well_and_has_every_section(tmp_path: Path):
    for name in ("timeout", "echo", "cat", "mktemp", "rm"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    done = subprocess.run(
        [shutil.which("sh") or "sh"],
        input=script(CLUSTER, A),
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tmp_path)},
    )
    assert done.returncode == 0
    assert set(read_sections(done.stdout)) == {"stack", "quorum", "qdevice", "crm", "fencing", "sql krogan2"}


def test_a_healthy_cluster_is_observed_as_one():
    one, provider = lab(good())
    state = asyncio.run(observe(one, CLUSTER))
    assert problems(state, CLUSTER) == ()
    assert state == join(CLUSTER, healthy())
    assert [step.what for step in provider.steps if step.verb == "run"] == ["sh", "sh"]


@pytest.mark.parametrize("harm", [MachineError("gone"), DeadlineExceeded("frozen"), Completed(255, "", "killed")])
def test_a_node_that_does_not_answer_is_only_that(harm: Completed | Exception):
    one, _ = lab({**good(), A: harm})
    state = asyncio.run(observe(one, CLUSTER))
    assert not state.node(A).stack_running
    assert state.node(A).power == "on"
    assert state.node(B).stack_running
    assert state.coordinator == A  # as the other node still sees it


def test_a_node_that_is_off_is_not_asked():
    one, provider = lab(good(), on=(B,))
    state = asyncio.run(observe(one, CLUSTER))
    assert (state.node(A).power, state.node(A).watchdog) == ("off", "absent")
    assert {step.machine for step in provider.steps if step.verb == "run"} == {B}


@pytest.mark.parametrize("text", ["", "{", "psql: error", "{half", "{half}", '{"in_recovery": tr}'])
def test_a_postgresql_that_gave_half_an_answer_gave_none(text: str):
    one, _ = lab({**good(), B: Completed(0, shown(text), "")})
    copy = asyncio.run(observe(one, CLUSTER)).instance("krogan2").copy(B)
    assert copy is not None
    assert copy.in_recovery is None


@pytest.mark.parametrize("stack", ["active\ninactive", "inactive\nactive", "active", "", "failed\nfailed"])
def test_the_stack_runs_only_if_corosync_and_pacemaker_do(stack: str):
    one, _ = lab({**good(), A: Completed(0, shown("", stack=stack), "")})
    assert not asyncio.run(observe(one, CLUSTER)).node(A).stack_running


def test_roles_replication_and_addresses_are_joined():
    looks = {A: look(primary(lag=4096)), B: look(standby())}
    state = join(CLUSTER, looks)
    instance = state.instance("krogan2")
    assert instance.primary == A
    first, second = instance.copies
    assert (first.role, first.in_recovery, first.state, first.lag_bytes) == ("primary", False, None, None)
    assert (second.role, second.state, second.sync_state, second.lag_bytes) == ("standby", "streaming", "async", 4096)
    assert [(vip.name, vip.role, vip.nodes) for vip in state.vips] == [
        ("krogan2", "primary", (A,)),
        ("krogan2s1", "standby", (B,)),
    ]
    assert (state.quorum.quorate, state.quorum.votes, state.quorum.expected, state.quorum.device) == (
        True,
        3,
        3,
        True,
    )


def test_a_standby_that_is_gone_streams_no_more_whatever_the_primary_still_believes():
    one, _ = lab({**good(), B: MachineError("gone")})
    copy = asyncio.run(observe(one, CLUSTER)).instance("krogan2").copy(B)
    assert copy is not None
    assert copy.state is None


def test_a_standby_shows_the_timeline_that_it_receives():
    received = {**standby(), "received_timeline": 3}
    copy = join(CLUSTER, {A: look(primary()), B: look(received)}).instance("krogan2").copy(B)
    assert copy is not None
    assert copy.timeline == 3


@pytest.mark.parametrize("cut_off", [A, B])
def test_the_view_with_quorum_is_believed_whichever_node_has_it(cut_off: str):
    alone = replace(view("survivor.xml"), with_quorum=False, coordinator="wrong")
    looks = healthy()
    looks[cut_off] = replace(looks[cut_off], crm=alone, quorum=seen("no-quorum.txt"))
    state = join(CLUSTER, looks)
    assert state.coordinator == A
    assert state.quorum.quorate
    assert state.quorum.device is True


def test_a_node_without_quorum_is_read_so():
    alone = replace(view("survivor.xml"), with_quorum=False)
    state = join(CLUSTER, {A: look(primary(), crm=alone, quorum=seen("no-quorum.txt")), B: Look("off", "absent")})
    assert (state.quorum.quorate, state.quorum.votes, state.quorum.device) == (False, 1, False)


def test_a_cluster_without_a_witness_has_no_quorum_device():
    state = join(replace(CLUSTER, witness=False), healthy())
    assert state.quorum.device is None


def test_nodes_that_show_nothing_make_a_state_of_nothing():
    nothing: dict[str, Any] = {A: Look("off", "absent"), B: Look("off", "absent")}
    state = join(CLUSTER, nothing)
    assert not state.running
    assert state.coordinator is None
    assert [copy.role for copy in state.instance("krogan2").copies] == ["stopped", "stopped"]
    assert problems(state, CLUSTER) == ("the cluster is not running on any node",)


def test_looking_changes_nothing():
    one, provider = lab(good())
    asyncio.run(observe(one, CLUSTER))
    taken: list[Step] = provider.steps
    assert {step.verb for step in taken} == {"power_on", "run"}
    for step in taken:
        assert not any(word in step.stdin for word in ("insert", "update ", "delete", "systemctl start", "pcs "))
