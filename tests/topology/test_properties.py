import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tuchanka.errors import TopologyError
from tuchanka.lint.topology import lint
from tuchanka.lint.usable import usable
from tuchanka.topology.load import default_text, parse
from tuchanka.topology.types import Topology

TEXT = default_text()
JSON = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
KEYS = [
    "name",
    "network",
    "sites",
    "clusters",
    "witness",
    "timing",
    "machine",
    "ssh",
    "profile",
    "nodes",
    "instances",
]


def toml(value: Any) -> str:
    """Write JSON-like data as an inline TOML value; JSON's strings and numbers are TOML's."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value).replace("\x7f", "\\u007f")


def only_topology_errors(text: str) -> Topology | None:
    try:
        topology = usable(parse(text, "t.toml"))
    except TopologyError as error:
        line = str(error)
    else:
        line = ""
    if line:
        assert line.isprintable()
        assert line.startswith("t.toml")
        return None
    lint(topology)
    return topology


@given(st.text())
def test_any_text(text: str):
    only_topology_errors(text)


@given(st.integers(0, len(TEXT)), st.integers(0, 40), st.text(max_size=10))
def test_a_broken_default(start: int, cut: int, put: str):
    only_topology_errors(TEXT[:start] + put + TEXT[start + cut :])


@given(st.data())
def test_the_default_with_lines_dropped_doubled_and_swapped(data: st.DataObject):
    lines = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
    for _ in range(data.draw(st.integers(1, 3))):
        at, to = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match data.draw(st.sampled_from(["drop", "double", "swap"])):
            case "drop":
                del lines[at]
            case "double":
                lines.insert(to, lines[at])
            case _:
                lines[at], lines[to] = lines[to], lines[at]
    only_topology_errors("\n".join(lines))


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), JSON, max_size=5))
def test_any_document(document: dict[str, Any]):
    only_topology_errors("\n".join(f"{json.dumps(key)} = {toml(value)}" for key, value in document.items()))


@given(st.data(), JSON)
def test_the_default_with_one_value_of_any_kind(data: st.DataObject, value: Any):
    lines = TEXT.splitlines()
    assigned = [index for index, line in enumerate(lines) if " = " in line and not line.startswith(("#", " "))]
    index = data.draw(st.sampled_from(assigned))
    lines[index] = f"{lines[index].split(' = ')[0]} = {toml(value)}"
    only_topology_errors("\n".join(lines))


@st.composite
def topologies(draw: st.DrawFn) -> str:
    """A topology that loads: any number of sites, clusters, nodes and instances, not all of it wise."""
    addresses = st.integers(0, 255).map(lambda last: f"10.1.2.{last}")
    sites = [f"dc{number}" for number in range(draw(st.integers(1, 3)))]

    def lines() -> Iterator[str]:
        yield f'name = "lab"\nprofile = "{draw(st.sampled_from(["fast", "steady", "cautious"]))}"'
        yield f'[network]\nsubnet = "10.1.2.0/25"\nhost = "{draw(addresses)}"'
        yield from (f"[sites.{site}]" for site in sites)
        if draw(st.booleans()):
            yield f'[witness]\nname = "w"\naddress = "{draw(addresses)}"\nsite = "{draw(st.sampled_from(sites))}"'
        for cluster in range(draw(st.integers(1, 3))):
            key = f"clusters.c{cluster}"
            nodes = [f"n{draw(st.integers(0, 1))}-{number}" for number in range(draw(st.integers(2, 5)))]
            yield f"[{key}]\nwitness = {json.dumps(draw(st.booleans()))}"
            for node in nodes:
                yield f'[{key}.nodes.{node}]\naddress = "{draw(addresses)}"\nsite = "{draw(st.sampled_from(sites))}"'
            for number in range(draw(st.integers(1, 2))):
                yield from instance(f"{key}.instances.i{number}", nodes)

    def instance(key: str, nodes: list[str]) -> Iterator[str]:
        kept = draw(st.lists(st.sampled_from(nodes), min_size=1, unique=True))
        yield f"[{key}]\nport = {draw(st.integers(5432, 5434))}"
        yield f'home = "{draw(st.sampled_from(kept))}"\nnodes = {json.dumps(kept)}'
        yield f'primary_vip = {{ name = "v{draw(st.integers(0, 9))}", address = "{draw(addresses)}" }}'
        vips = [{"name": f"v{vip}s", "address": draw(addresses)} for vip in range(draw(st.integers(0, 3)))]
        yield f"standby_vips = {toml(vips)}"
        if draw(st.booleans()):
            yield f"[{key}.synchronous]\ncount = {draw(st.integers(1, 4))}"
            yield f"other_site_first = {json.dumps(draw(st.booleans()))}"

    return "\n".join(lines())


@given(topologies())
def test_a_valid_topology_is_read_whole_and_linted_the_same_twice(text: str):
    topology = only_topology_errors(text)
    assert topology is not None
    findings = lint(topology)
    assert findings == lint(parse(text, "t.toml"))
    assert len({(one.key, one.what) for one in findings}) == len(findings)
    for finding in findings:
        assert str(finding).isprintable()
        assert finding.instead
    for cluster in topology.clusters:
        for instance in cluster.instances:
            assert instance.home in instance.nodes
            assert {node.name for node in cluster.nodes} >= set(instance.nodes)


@given(topologies())
def test_what_the_lint_accepts_has_no_address_or_host_name_twice(text: str):
    topology = parse(text, "t.toml")
    if any(finding.severity == "error" for finding in lint(topology)):
        return
    vips = [vip for cluster in topology.clusters for one in cluster.instances for vip in one.vips]
    owners = [*topology.machines, *vips]
    assert len({one.name for one in owners}) == len(owners)
    assert len({one.address for one in owners} | {topology.network.host}) == len(owners) + 1
