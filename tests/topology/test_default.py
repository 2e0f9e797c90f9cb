from ipaddress import IPv4Address

from tuchanka.lint.topology import lint
from tuchanka.topology.load import default_text, load, parse

DEFAULT = load(None)
MACHINES = {
    "tuchanka1a": (1, "dc1"),
    "tuchanka1b": (2, "dc2"),
    "tuchanka2a": (11, "dc1"),
    "tuchanka2b": (12, "dc2"),
    "tuchanka4a": (21, "dc1"),
    "tuchanka4b": (22, "dc1"),
    "tuchanka4c": (23, "dc2"),
    "tuchanka4d": (24, "dc2"),
    "witness": (251, "dc3"),
}
VIPS = {
    "krogan1a": 101,
    "krogan1b": 102,
    "krogan2": 103,
    "krogan2s1": 104,
    "krogan4": 105,
    "krogan4s1": 106,
    "krogan4s2": 107,
    "krogan4s3": 108,
}


def address(last: int) -> IPv4Address:
    return IPv4Address(f"192.168.89.{last}")


def test_machines_vips_and_network():
    assert {one.name: (one.address, one.site) for one in DEFAULT.machines} == {
        name: (address(last), site) for name, (last, site) in MACHINES.items()
    }
    instances = [instance for cluster in DEFAULT.clusters for instance in cluster.instances]
    assert {vip.name: vip.address for one in instances for vip in one.vips} == {
        n: address(a) for n, a in VIPS.items()
    }
    assert (str(DEFAULT.network.subnet), DEFAULT.network.host) == ("192.168.89.0/24", address(254))
    assert (DEFAULT.name, DEFAULT.domain, DEFAULT.profile) == ("tuchanka", "tuchanka", "fast")
    assert (DEFAULT.limits.memory_bytes, DEFAULT.limits.processes) == (2**30, 2048)
    assert (DEFAULT.limits.root_disk_bytes, DEFAULT.limits.data_disk_bytes) == (2**31, 2**31)


def test_instances():
    assert {
        one.name: (one.port, one.home, len(one.nodes)) for cluster in DEFAULT.clusters for one in cluster.instances
    } == {
        "krogan1a": (5433, "tuchanka1a", 2),
        "krogan1b": (5434, "tuchanka1b", 2),
        "krogan2": (5432, "tuchanka2a", 2),
        "krogan4": (5432, "tuchanka4a", 4),
    }
    assert DEFAULT.cluster("tuchanka2").instance("krogan2").synchronous is None
    four = DEFAULT.cluster("tuchanka4").instance("krogan4").synchronous
    assert four is not None
    assert (four.method, four.count, four.other_site_first) == ("FIRST", 1, True)
    assert all(cluster.witness for cluster in DEFAULT.clusters)


def test_the_lint_only_warns_of_asynchronous_replication():
    findings = lint(DEFAULT)
    assert [(one.severity, one.key) for one in findings] == [
        ("warning", "clusters.tuchanka1.instances.krogan1a"),
        ("warning", "clusters.tuchanka1.instances.krogan1b"),
        ("warning", "clusters.tuchanka2.instances.krogan2"),
    ]
    assert all("acknowledged" in one.what and one.file == "default.toml" for one in findings)


def test_the_text_printed_is_the_topology_built_in():
    assert parse(default_text(), "default.toml") == DEFAULT


def test_the_commented_keys_are_keys_too():
    text = default_text()
    for line in text.splitlines():
        if line.startswith("# ") and line[2:3].islower() and " = " in line and "…" not in line.split("#")[1]:
            text = text.replace(line, line[2:])
    assert parse(text, "t").overrides["token_ms"] == 400
    assert parse(text, "t").cluster("tuchanka4").instance("krogan4").settings == {"shared_buffers": "256MB"}
