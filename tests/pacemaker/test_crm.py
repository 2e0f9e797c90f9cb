import pytest

from tests.pacemaker.views import A, B, seen, view
from tuchanka.stacks.pacemaker.crm import CrmNode, parse

UP = CrmNode(online=True, standby=False, maintenance=False, unclean=False)


def test_a_healthy_cluster_is_read_whole():
    read = view("healthy.xml")
    assert (read.coordinator, read.with_quorum, read.fencing, read.maintenance) == (A, True, True, False)
    assert read.nodes == {A: UP, B: UP}
    assert read.roles == {
        ("krogan2", A): "Promoted",
        ("krogan2", B): "Unpromoted",
        ("krogan2-vip", A): "Started",
        ("krogan2s1-vip", B): "Started",
    }
    assert read.fail_counts == {}
    assert read.scores == {("krogan2", A): 1001, ("krogan2", B): 1000}


def test_what_is_stopped_has_no_role_and_failures_are_counted():
    read = view("survivor.xml")
    assert read.nodes[A] == CrmNode(online=False, standby=False, maintenance=False, unclean=True)
    assert read.roles == {("krogan2", B): "Promoted", ("krogan2-vip", B): "Started"}
    assert read.fail_counts == {("krogan2", B): "2", ("krogan2s1-vip", B): "INFINITY"}


@pytest.mark.parametrize(
    "text", ["", "crm_mon: command not found", "<pacemaker-result><summary", seen("stopped.xml")]
)
def test_a_node_without_the_cluster_has_no_view(text: str):
    assert parse(text) is None


def test_a_cluster_without_a_coordinator():
    dc = '<current_dc present="false" with_quorum="false"/>'
    text = seen("healthy.xml")
    start = text.index("<current_dc")
    read = parse(text[:start] + dc + text[text.index("/>", start) + 2 :])
    assert read is not None
    assert (read.coordinator, read.with_quorum) == (None, False)


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ('stonith-enabled="true"', 'stonith-enabled="false"', "fencing", False),
        ('maintenance-mode="false"', 'maintenance-mode="true"', "maintenance", True),
        ('with_quorum="true"', 'with_quorum="false"', "with_quorum", False),
    ],
)
def test_options_of_the_cluster(old: str, new: str, field: str, value: object):
    read = parse(seen("healthy.xml").replace(old, new))
    assert getattr(read, field) is value


@pytest.mark.parametrize("flag", ["standby", "maintenance", "unclean"])
def test_flags_of_a_node(flag: str):
    text = seen("healthy.xml")
    at = text.index(f'<node name="{B}" id="2" online')
    read = parse(text[:at] + text[at:].replace(f'{flag}="false"', f'{flag}="true"', 1))
    assert read is not None
    assert getattr(read.nodes[B], flag) is True
    assert read.nodes[A] == UP


def test_a_node_that_has_not_joined_is_no_standby():
    text = seen("healthy.xml")
    at = text.index(f'<node name="{B}" id="2" online')
    for flag in ("standby", "pending"):
        text = text[:at] + text[at:].replace(f'{flag}="false"', f'{flag}="true"', 1)
    read = parse(text)
    assert read is not None
    assert read.nodes[B] == UP


def test_an_address_on_two_nodes_is_seen_on_both():
    node = f'<node name="{A}" id="1" cached="true"/>'
    text = seen("healthy.xml")
    at = text.index('<resource id="krogan2-vip"')
    both = node + node.replace(A, B).replace('"1"', '"2"')
    read = parse(text[:at] + text[at:].replace(node, both, 1))
    assert read is not None
    assert {node for resource, node in read.roles if resource == "krogan2-vip"} == {A, B}


def test_a_numbered_copy_of_a_clone_is_its_resource():
    text = seen("healthy.xml").replace('<resource id="krogan2"', '<resource id="krogan2:1"', 1)
    read = parse(text)
    assert read is not None
    assert read.roles["krogan2", B] == "Unpromoted"


@pytest.mark.parametrize(("status", "unclean"), [("pending", True), ("success", False)])
def test_a_node_that_came_back_while_its_fencing_is_pending_is_not_clean(status: str, unclean: bool):
    event = f'<fence_event action="reboot" target="{A}" status="{status}"/>'
    history = f'<fence_history status="0">{event}</fence_history>'
    read = parse(seen("healthy.xml").replace("<resources>", f"{history}<resources>", 1))
    assert read is not None
    assert (read.nodes[A].unclean, read.nodes[B].unclean) == (unclean, False)
