from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from tuchanka.lint.topology import lint
from tuchanka.topology.load import default_text, load, parse

KROGAN4 = "clusters.tuchanka4.instances.krogan4"
DEFAULT = load(None)
WARNED = {str(finding) for finding in lint(DEFAULT)}


def found(text: str) -> dict[str, str]:
    """Return what is found beyond the default's warnings: key to "severity: what; instead"."""
    findings = [one for one in lint(parse(text, "default.toml")) if str(one) not in WARNED]
    assert len({one.key for one in findings}) == len(findings)
    return {one.key: f"{one.severity}: {one.what}; {one.instead}" for one in findings}


def changed(old: str, new: str) -> dict[str, str]:
    text = default_text()
    assert old in text
    return found(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        (
            'address = "192.168.89.12"',
            'address = "192.168.89.11"',
            "clusters.tuchanka2.nodes.tuchanka2b.address",
            "error: 192.168.89.11 is already the address of clusters.tuchanka2.nodes.tuchanka2a.address; write",
        ),
        (
            'address = "192.168.89.104"',
            'address = "192.168.89.254"',
            "clusters.tuchanka2.instances.krogan2.standby_vips[0].address",
            "error: 192.168.89.254 is already the address of network.host",
        ),
        (
            'address = "192.168.89.12"',
            'address = "192.168.90.12"',
            "clusters.tuchanka2.nodes.tuchanka2b.address",
            "error: 192.168.90.12 of tuchanka2b is outside the network 192.168.89.0/24, so no machine could hold it",
        ),
        ('host = "192.168.89.254"', 'host = "192.168.89.0"', "network.host", "error: 192.168.89.0 is the address of"),
        (
            'address = "192.168.89.103"',
            'address = "192.168.89.255"',
            "clusters.tuchanka2.instances.krogan2.primary_vip.address",
            "error: 192.168.89.255 is the broadcast address",
        ),
        (
            'name = "krogan2s1"',
            'name = "tuchanka4a"',
            "clusters.tuchanka4.nodes.tuchanka4a",
            "error: the name tuchanka4a is already taken by clusters.tuchanka2.instances.krogan2.standby_vips",
        ),
        (
            "[clusters.tuchanka2.instances.krogan2]",
            "[clusters.tuchanka2.instances.krogan4]",
            KROGAN4,
            "error: the name krogan4 is already taken by clusters.tuchanka2.instances.krogan4",
        ),
        (
            '[witness]\nname = "witness"',
            '[witness]\nname = "dc1"',
            "witness.name",
            "error: the name dc1 is already taken by sites.dc1",
        ),
        (
            "[clusters.tuchanka2]\nwitness = true",
            "[clusters.tuchanka2]\nwitness = false",
            "clusters.tuchanka2.witness",
            "error: 2 nodes without a quorum device",
        ),
        ('site = "dc3"', 'site = "dc2"', "witness.site", "warning: dc2 has nodes of tuchanka1, tuchanka2, tuchanka4"),
        ('site = "dc3"', 'site = "dc2"', "clusters.tuchanka2.nodes", "warning: the loss of site dc2 takes at least"),
        (
            "port = 5434",
            "port = 5433",
            "clusters.tuchanka1.instances.krogan1b.port",
            "error: port 5433 is already taken by krogan1a on tuchanka1a, tuchanka1b; write another port, like 5432",
        ),
        (
            "standby_vips = [{",
            'standby_vips = [{ name = "more", address = "192.168.89.150" }, {',
            "clusters.tuchanka2.instances.krogan2.standby_vips[1]",
            "error: krogan2s1 has no standby that could hold it: 1 standby in all",
        ),
        (
            "count = 1",
            "count = 2",
            KROGAN4 + ".synchronous.count",
            "warning: after the loss of site dc1 or dc2 too few",
        ),
        ("count = 1", "count = 3", KROGAN4 + ".synchronous.count", "error: asks for every standby (3)"),
        ("count = 1", "count = 4", KROGAN4 + ".synchronous.count", "error: asks for 4 standbys, but there can be 3"),
        (
            'method = "FIRST"',
            'method = "ANY"',
            KROGAN4 + ".synchronous.other_site_first",
            "warning: ANY doesn't heed the order of the list",
        ),
        (
            "# token_ms = 400 ",
            "token_ms = 1500 ",
            "timing.consensus_ms",
            'error: the rule "consensus over token" doesn\'t hold: consensus 480 ms >= 1.2 x token 1500 ms (',
        ),
    ],
)
def test_each_mistake_has_its_finding(old: str, new: str, key: str, expected: str):
    findings = changed(old, new)
    assert findings.keys() >= {key}
    assert findings[key].startswith(expected)


def test_every_even_cluster_without_its_witness_is_told():
    findings = lint(replace(DEFAULT, witness=None))
    assert [one.key for one in findings if one.severity == "error"] == [
        f"clusters.{name}.witness" for name in ("tuchanka1", "tuchanka2", "tuchanka4")
    ]


def test_a_witness_nobody_asks_and_a_cluster_in_one_site():
    text = default_text().replace('site = "dc2"', 'site = "dc1"')
    assert found(text.replace("witness = true", "witness = false"))["witness"].startswith(
        "warning: no cluster uses it"
    )
    findings = found(text)
    assert findings["clusters.tuchanka4.nodes"].startswith("warning: the loss of site dc1 takes at least half of 5")
    assert findings[f"{KROGAN4}.synchronous.other_site_first"].startswith("warning: all nodes of the instance are in")


def test_an_odd_cluster_needs_no_quorum_device():
    text = default_text().replace(
        '[clusters.tuchanka4.nodes.tuchanka4d]\naddress = "192.168.89.24"\nsite = "dc2"', ""
    )
    findings = found(text)
    assert findings["clusters.tuchanka4.witness"].startswith("warning: 3 nodes and a quorum device have an even")
    assert f"{KROGAN4}.standby_vips[2]" in findings


def test_an_instance_on_one_node():
    whole = 'home = "tuchanka1b"\nnodes = ["tuchanka1a", "tuchanka1b"]'
    findings = changed(whole, 'home = "tuchanka1b"\nnodes = ["tuchanka1b"]')
    assert findings["clusters.tuchanka1.instances.krogan1b.nodes"].startswith(
        "warning: the instance has one node only"
    )


def test_two_synchronous_nodes_do_not_survive_a_failover():
    text = default_text() + "\n[clusters.tuchanka2.instances.krogan2.synchronous]\ncount = 1\n"
    key = "clusters.tuchanka2.instances.krogan2.synchronous.count"
    assert found(text)[key] == (
        "error: asks for every standby (1): the loss of any one node, and so every failover, blocks commits until it "
        "is repaired; add a node, or remove the table (asynchronous replication)"
    )


def test_a_full_network_has_no_address_to_propose():
    text = default_text().replace("192.168.89.0/24", "192.168.89.0/29")
    assert "network.host" in found(text)
    small = replace(DEFAULT, network=replace(DEFAULT.network, host=IPv4Address("192.168.89.1")))
    assert any(one.key == "clusters.tuchanka1.nodes.tuchanka1a.address" for one in lint(small))


def test_an_unsafe_margin_is_an_error():
    text = default_text().replace("# stonith_watchdog_timeout_ms = 4300", "stonith_watchdog_timeout_ms = 4290")
    assert found(text)["timing.stonith_watchdog_timeout_ms"].endswith("write at least 4300")
