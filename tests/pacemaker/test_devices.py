"""Fencing devices of a live cluster, and what was fenced: observed, judged, told as changes, shown on a terminal."""

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tests.pacemaker.views import A, B, look, primary, seen, standby
from tuchanka.events.fencings import Fencing
from tuchanka.stacks.pacemaker.changes import changes
from tuchanka.stacks.pacemaker.crm import parse
from tuchanka.stacks.pacemaker.health import problems
from tuchanka.stacks.pacemaker.observe import Look, join
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.topology.load import load
from tuchanka.tui.cluster_state import state_view

CLUSTER = load(Path(__file__).parents[2] / "examples" / "fencing.toml").cluster("tuchanka2")
SILENT = f"the fencing device of {A} doesn't answer ('fence-{A}')"
DONE = Fencing(A, B, f"fence-{A}", 1795743517.0, 1795743517.98, well=True)


def xml(role: str = "Started", operations: str = "", failures: str = "") -> str:
    """What Pacemaker 3.0.0 shows of two devices: that of A, asked by B, in a role and with operations."""
    on = f'<node name="{B}" id="2" cached="true"/>' if role != "Stopped" else ""
    resources = (
        f'<resource id="fence-{A}" role="{role}" failed="false">{on}</resource>'
        f'<resource id="fence-{B}" role="Started" failed="false"><node name="{A}" id="1"/></resource>'
    )
    history = f'<resource_history id="fence-{A}" orphan="false" {failures}>{operations}</resource_history>'
    text = seen("healthy.xml").replace("<resources>", f"<resources>{resources}", 1)
    at, node = text.index("<node_history>"), f'<node name="{B}">'
    return text[:at] + text[at:].replace(node, f"{node}{history}", 1)


def operation(task: str, rc: str) -> str:
    return f'<operation_history call="-1" task="{task}" rc="{rc}" rc_text="-" exec-time="0ms"/>'


def state(text: str = "", *fenced: Fencing) -> ClusterState:
    crm = parse(text or xml())
    assert crm is not None
    found = join(CLUSTER, {A: look(primary(), crm=crm), B: look(standby(), crm=crm)})
    return replace(found, fenced=fenced)


def words(shown: ClusterState) -> str:
    console = Console(width=120, color_system=None)
    with console.capture() as captured:
        console.print(state_view(shown, problems(shown, CLUSTER)))
    return captured.get()


def test_devices_that_answer_are_shown_with_who_asks_them():
    found = state()
    assert [(one.node, one.nodes, one.failed) for one in found.devices] == [(A, (B,), False), (B, (A,), False)]
    assert problems(found, CLUSTER) == ()
    assert f"fence-{A}  {A}  {B}" in words(found)


@pytest.mark.parametrize(
    ("role", "rc"),
    # While its start goes on, Pacemaker 3.0.0 shows a device as starting, and after failure-timeout as started.
    [("Stopped", "1"), ("Starting", "193"), ("Started", "193")],
)
def test_a_device_answers_when_its_start_has_ended_well(role: str, rc: str):
    found = state(xml(role, operation("monitor", "0") + operation("start", rc)))
    assert problems(found, CLUSTER) == (SILENT,)
    assert "does not answer" in words(found)


def test_a_monitor_that_goes_on_takes_no_answer_back():
    assert problems(state(xml("Started", operation("start", "0") + operation("monitor", "193"))), CLUSTER) == ()


def test_a_device_whose_monitor_fails_stays_started_and_does_not_answer():
    found = state(xml(failures='fail-count="1"'))
    assert problems(found, CLUSTER) == (f"fence-{A} failed on {B} (1)", SILENT)
    assert "does not answer" in words(found)


def test_a_device_that_failed_one_node_but_answers_another_is_shown_as_both():
    crm = parse(xml())
    assert crm is not None
    crm = replace(crm, fail_counts={(f"fence-{A}", A): "1"})
    found = join(CLUSTER, {A: look(primary(), crm=crm), B: look(standby(), crm=crm)})
    assert problems(found, CLUSTER) == (f"fence-{A} failed on {A} (1)",)
    assert f"{B}, has failed" in words(found)


def test_a_device_that_falls_silent_and_answers_again_is_a_change():
    silent = state(xml("Stopped"))
    assert [(one.text, one.tone) for one in changes(state(), silent)] == [
        (f"the fencing device of {A} does not answer", "bad")
    ]
    assert [(one.text, one.tone) for one in changes(silent, state())] == [
        (f"the fencing device of {A} answers", "good")
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((), (replace(DONE, ended=None, well=False),), [(f"{A} is being fenced by {B}", "plain")]),
        (
            (replace(DONE, ended=None, well=False),),
            (DONE,),
            [(f"{A} was fenced by {B} (fence-{A}), 0.98 s after it was asked for", "good")],
        ),
        ((), (replace(DONE, how=""),), [(f"{A} was fenced by {B}, 0.98 s after it was asked for", "good")]),
        (
            (),
            (replace(DONE, well=False),),
            [(f"{B} could not fence {A}, 0.98 s after it was asked for", "bad")],
        ),
        ((DONE,), (DONE,), []),
        # Only the last ones are known: what is forgotten is no change.
        ((DONE,), (), []),
    ],
)
def test_a_fencing_is_told_when_it_begins_and_when_it_ends(
    before: tuple[Fencing, ...], after: tuple[Fencing, ...], told: list[tuple[str, str]]
):
    assert [(one.text, one.tone) for one in changes(state("", *before), state("", *after))] == told


@pytest.mark.parametrize(
    ("one", "shown"),
    [
        (DONE, f"{A}  {B}  -    fence-{A}  2026-11-27 01:38:37 UTC  0.98 s"),
        (replace(DONE, client="pacemaker-controld"), f"{A}  {B}  the cluster  fence-{A}"),
        (replace(DONE, client="stonith_admin"), f"{A}  {B}  stonith_admin  fence-{A}"),
        (replace(DONE, ended=None, well=False), "under way"),
        (replace(DONE, well=False), "failed after 0.98 s"),
    ],
)
def test_the_last_fencings_are_shown(one: Fencing, shown: str):
    assert shown in words(state("", one))


def test_the_last_node_s_own_device_is_asked_by_nobody_and_not_called_silent():
    both = parse(xml())
    assert both is not None
    nodes = {name: replace(one, online=name == B) for name, one in both.nodes.items()}
    crm = replace(both, nodes=nodes, roles={(f"fence-{A}", B): "Started"})
    found = join(CLUSTER, {A: Look("off", "absent"), B: look(primary(), crm=crm)})
    assert [(one.silent, one.askable) for one in found.devices] == [(False, True), (False, False)]
    assert not any("device" in problem for problem in problems(found, CLUSTER))
    assert f"fence-{B}  {B}  -" in words(found)
    assert not any("device" in one.text for one in changes(state(), found))


def test_a_cluster_without_devices_shows_none():
    cluster = load(None).cluster("tuchanka2")
    found = join(cluster, {A: look(primary()), B: look(standby())})
    assert found.devices == ()
    assert "fencing device" not in words(found)
