"""From ``fencing`` and ``bmc`` in a topology to what fences each node."""

import json
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.errors import TopologyError
from tuchanka.topology.load import load, parse
from tuchanka.topology.types import WATCHDOG, Fencing

TEXT = """
name = "pair"
[network]
subnet = "192.0.2.0/24"
host = "192.0.2.254"
[sites.one]
[sites.two]
[witness]
name = "witness"
address = "192.0.2.9"
site = "one"
[clusters.pair]
witness = true
{cluster}
[clusters.pair.nodes.a]
address = "192.0.2.1"
site = "one"
{a}
[clusters.pair.nodes.b]
address = "192.0.2.2"
site = "two"
{b}
[clusters.pair.instances.orders]
port = 5432
home = "a"
primary_vip = {{ name = "orders", address = "192.0.2.3" }}
{more}
"""
LEVELS = 'fencing.levels = ["device", "watchdog"]'
DEVICE = '[clusters.pair.fencing.devices.{node}]\nagent = "fence_redfish"\n{more}'


def fencing(cluster: str = "", a: str = "", b: str = "", more: str = "", source: str = "/lab/pair.toml") -> Fencing:
    text = TEXT.format(cluster=cluster, a=a, b=b, more=more)
    return parse(text, source).cluster("pair").fencing


def test_by_default_there_is_the_watchdog_alone():
    assert fencing() == WATCHDOG
    assert (WATCHDOG.watchdog, WATCHDOG.device, WATCHDOG.device_of("a")) == (True, False, None)


def test_a_bmc_of_the_lab_is_a_device_whose_password_the_lab_knows():
    found = fencing(LEVELS, 'bmc = "192.0.2.11"', 'bmc = "192.0.2.12"')
    assert found.levels == ("device", "watchdog")
    device = found.device_of("b")
    assert device is not None
    assert (device.agent, device.bmc, device.password_file) == ("fence_ipmilan", True, None)
    assert device.parameters["ip"] == "192.0.2.12"
    assert not any("pass" in name for name in device.parameters)


def test_a_device_of_one_s_own_has_its_password_file_beside_the_topology():
    own = DEVICE.format(node="a", more='parameters = { ip = "10.0.0.1", ssl = true, ipport = 443 }\n')
    own += 'password_file = "secrets/a"\n' + DEVICE.format(node="b", more='password_file = "/etc/b"\n')
    found = fencing(LEVELS, more=own)
    first, second = found.devices
    assert first.parameters == {"ip": "10.0.0.1", "ssl": "1", "ipport": "443"}
    assert (first.password_file, second.password_file) == ("/lab/secrets/a", "/etc/b")
    assert not first.bmc


def test_a_relative_topology_file_gives_an_absolute_password_file():
    own = DEVICE.format(node="a", more='password_file = "a"\n') + DEVICE.format(node="b", more="")
    first = fencing(LEVELS, more=own, source="pair.toml").devices[0]
    assert first.password_file == str(Path("a").absolute())


def test_a_lab_s_copy_of_the_topology_means_the_files_beside_the_original(tmp_path: Path):
    own = DEVICE.format(node="a", more='password_file = "a"\n') + DEVICE.format(node="b", more="")
    (tmp_path / "topology.toml").write_text(TEXT.format(cluster=LEVELS, a="", b="", more=own))
    first = load(tmp_path / "topology.toml", Path("/there")).clusters[0].fencing.devices[0]
    assert first.password_file == "/there/a"


@pytest.mark.parametrize(
    ("cluster", "a", "b", "more", "key", "what"),
    [
        ('fencing.levels = ["watchdog", "watchdog"]', "", "", "", "fencing.levels", "names a level twice"),
        (LEVELS, 'bmc = "192.0.2.11"', "", "", "fencing.levels", "nothing switches b off"),
        ("", "", "", DEVICE.format(node="a", more=""), "fencing.devices", "no level uses a device"),
        (LEVELS, "", "", DEVICE.format(node="c", more=""), "fencing.devices.c", "the cluster has no node 'c'"),
        (
            LEVELS,
            'bmc = "192.0.2.11"',
            'bmc = "192.0.2.12"',
            DEVICE.format(node="a", more=""),
            "fencing.devices.a",
            "has a BMC of the lab, too",
        ),
        ('fencing.levels = ["luck"]', "", "", "", "fencing.levels[0]", ""),
        ("fencing.levels = []", "", "", "", "fencing.levels", ""),
    ],
)
def test_what_has_no_meaning_is_refused(cluster: str, a: str, b: str, more: str, key: str, what: str):
    with pytest.raises(TopologyError) as refused:
        fencing(cluster, a, b, more)
    assert f"clusters.pair.{key}" in refused.value.where
    assert what in refused.value.what
    assert refused.value.hint


@pytest.mark.parametrize(
    "name",
    [
        "passwd",
        "password",
        "password_script",
        "passwd_script",
        "snmp_priv_passwd",
        "apikey",
        "action",
        "nodename",
        "ipmitool_path",
        "watchdog_timeout",
        "pcmk_host_list",
        "IP",
        "a b",
        "",
    ],
)
def test_a_secret_and_what_is_not_the_topology_s_are_no_parameters(name: str):
    own = DEVICE.format(node="a", more=f'parameters = {{ "{name}" = "x" }}\n')
    with pytest.raises(TopologyError):
        fencing(LEVELS, more=own)


@pytest.mark.parametrize("path", ["", "a b", "$HOME/a", "a\\nb", "~/a"])
def test_a_password_file_has_a_plain_name(path: str):
    own = DEVICE.format(node="a", more=f'password_file = "{path}"\n')
    with pytest.raises(TopologyError) as refused:
        fencing(LEVELS, more=own)
    assert refused.value.where.endswith("fencing.devices.a.password_file")


def test_one_message_of_one_line_has_key_and_hint():
    with pytest.raises(TopologyError) as refused:
        fencing(LEVELS, 'bmc = "192.0.2.11"')
    assert str(refused.value) == (
        "/lab/pair.toml: clusters.pair.fencing.levels: nothing switches b off; "
        "give the node a bmc, or write [clusters.pair.fencing.devices.b]"
    )


def test_both_kinds_of_devices_go_together_and_keep_the_nodes_order():
    own = DEVICE.format(node="a", more="")
    found = fencing('fencing.levels = ["device"]', "", 'bmc = "192.0.2.12"', own)
    assert [(one.node, one.bmc) for one in found.devices] == [("a", False), ("b", True)]
    assert (found.watchdog, found.device) == (False, True)


def test_a_bmc_without_a_level_that_uses_it_is_no_device():
    assert fencing("", 'bmc = "192.0.2.11"') == WATCHDOG


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True),
        st.one_of(st.booleans(), st.integers(-(2**31), 2**31), st.text(max_size=12)),
        max_size=4,
    )
)
def test_parameters_are_refused_or_have_nothing_that_a_shell_knows(parameters: dict[str, object]):
    written = ", ".join(f"{name} = {json.dumps(value)}" for name, value in parameters.items())
    own = DEVICE.format(node="a", more=f"parameters = {{ {written} }}\n") + DEVICE.format(node="b", more="")
    try:
        device = fencing(LEVELS, more=own).devices[0]
    except TopologyError:
        return
    assert device.parameters.keys() == parameters.keys()
    for name, value in device.parameters.items():
        assert shlex.quote(f"{name}={value}") == f"{name}={value}"


@pytest.mark.parametrize("value", ['"a b"', '"a;reboot"', '"$(reboot)"', '""', '"a\\nb"', "1.5", "[1]"])
def test_a_parameter_has_no_character_that_a_shell_knows(value: str):
    own = DEVICE.format(node="a", more=f"parameters = {{ ip = {value} }}\n")
    with pytest.raises(TopologyError):
        fencing(LEVELS, more=own)


@pytest.mark.parametrize("agent", ["fence_", "ipmilan", "fence_x y", "fence_../../x"])
def test_an_agent_is_called_as_one(agent: str):
    own = f'[clusters.pair.fencing.devices.a]\nagent = "{agent}"\n'
    with pytest.raises(TopologyError) as refused:
        fencing(LEVELS, more=own)
    assert "isn't the name of a fence agent" in refused.value.what
