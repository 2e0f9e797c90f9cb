import ast
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.errors import TopologyError
from tuchanka.lab.folder import LabFolder
from tuchanka.providers import registry
from tuchanka.providers.image.recipe import POSTGRESQL
from tuchanka.topology.load import load
from tuchanka.topology.types import Topology

ROOT = Path(__file__).parents[2]
DEFAULT = load(None)
# What only providers know of each other.
INNER = ("tuchanka.providers.nspawn", "tuchanka.providers.bridge", "tuchanka.providers.image")
# Unit tests may look into a provider; who uses one may not. But what a real lab leaves on the host, or has in its
# machines' folders, is looked at past the program.
BEHIND = {ROOT / "tests/real/lab.py", ROOT / "tests/real/leftovers.py"}
OUTSIDE = ("src/tuchanka", "tests/real", "benchmarks")
INSIDE = ROOT / "src/tuchanka/providers"


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def importers(files: Iterator[Path]) -> list[str]:
    return sorted(
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files
        for name in imported(file)
        if any(name == inner or name.startswith(f"{inner}.") for inner in INNER)
    )


def test_only_providers_know_a_provider_by_more_than_its_name():
    outside = (
        file
        for folder in OUTSIDE
        for file in (ROOT / folder).rglob("*.py")
        if not file.is_relative_to(INSIDE) and file not in BEHIND
    )
    assert importers(outside) == []


def test_the_search_for_imports_finds_them():
    assert importers(iter([ROOT / "src/tuchanka/providers/registry.py"]))


def with_names(*names: str) -> Topology:
    """Return the default topology with tuchanka2's nodes called so."""
    cluster = DEFAULT.cluster("tuchanka2")
    nodes = tuple(replace(node, name=name) for node, name in zip(cluster.nodes, names, strict=True))
    return replace(DEFAULT, clusters=(replace(cluster, nodes=nodes),))


def test_the_default_topology_asks_for_nothing_impossible():
    assert registry.findings(DEFAULT) == ()
    registry.refuse_impossible(DEFAULT)


@pytest.mark.parametrize("name", ["libvirt", "fake", "docker"])
def test_a_provider_that_is_not_there_is_one_error_with_a_hint(name: str):
    topology = replace(DEFAULT, provider=name)
    (finding,) = registry.findings(topology)
    assert (finding.severity, finding.key) == ("error", "provider")
    with pytest.raises(TopologyError) as caught:
        registry.refuse_impossible(topology)
    assert str(caught.value) == (
        f"{DEFAULT.source}: provider: the provider {name!r} is not there yet; choose from: nspawn"
    )
    with pytest.raises(TopologyError, match="choose from: nspawn"):
        registry.kind(name)


def with_version(version: int) -> Topology:
    """The default topology, whose second cluster has another version of PostgreSQL."""
    first, second, *others = DEFAULT.clusters
    return replace(DEFAULT, clusters=(first, replace(second, postgresql=version), *others))


@given(version=st.integers(13, 18))
def test_only_versions_of_postgresql_that_the_image_has_are_possible(version: int):
    found = [finding.key for finding in registry.findings(with_version(version))]
    assert found == ([] if version in POSTGRESQL else ["clusters.tuchanka2.postgresql"])


def test_a_version_that_the_image_has_not_is_one_error_with_a_hint():
    with pytest.raises(TopologyError, match="image has PostgreSQL 17 only, not 15; write 17"):
        registry.refuse_impossible(with_version(15))


@given(name=st.from_regex(r"[a-z][a-z0-9]{0,40}", fullmatch=True))
def test_a_name_is_possible_if_a_network_port_can_have_it(name: str):
    found = [finding.key for finding in registry.findings(with_names("a-node", name))]
    assert found == ([] if len(f"vb-{name}") <= 15 else [f"clusters.tuchanka2.nodes.{name}"])


def test_the_witness_has_such_a_name_too():
    assert DEFAULT.witness
    topology = replace(DEFAULT, witness=replace(DEFAULT.witness, name="w" * 13))
    assert [finding.key for finding in registry.findings(topology)] == ["witness.name"]


def test_a_labs_provider_is_known_without_its_topology(tmp_path: Path):
    folder = LabFolder(tmp_path / "lab")
    assert folder.provider == "nspawn"
    folder.found("", "libvirt")
    assert folder.provider == "libvirt"
    # Made before the name was kept.
    kept = json.loads(folder.marker.read_text())
    folder.marker.write_text(json.dumps({key: kept[key] for key in ("version", "founded")}))
    assert folder.provider == "nspawn"
    folder.marker.write_text("damaged")
    assert folder.provider == "nspawn"


def test_what_a_lab_has_on_the_host_is_known_from_its_folder(tmp_path: Path):
    traces = registry.kind("nspawn").traces(tmp_path / "lab")
    assert len(traces) == 3
    assert all("/lab-" in trace or "tuchanka-lab-" in trace for trace in traces)
