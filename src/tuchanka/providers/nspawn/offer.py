"""What an nspawn lab can't be asked for. Pure."""

from collections.abc import Iterator

from tuchanka.findings import Finding
from tuchanka.providers.bridge.network import NAME_LONGEST, PORT
from tuchanka.providers.image.recipe import POSTGRESQL
from tuchanka.topology.types import Topology


def findings(topology: Topology) -> tuple[Finding, ...]:
    """Return everything that the image hasn't got, or the network can't name."""
    return tuple(
        Finding("error", topology.source, key, what, instead)
        for key, what, instead in (*_versions(topology), *_names(topology))
    )


def _versions(topology: Topology) -> Iterator[tuple[str, str, str]]:
    has = " and ".join(map(str, POSTGRESQL))
    for version in topology.versions:
        if version not in POSTGRESQL:
            users = [cluster for cluster in topology.clusters if cluster.postgresql == version]
            everyone = len(users) == len(topology.clusters)
            what = f"the machines' image has PostgreSQL {has} only, not {version}"
            for key in ["postgresql"] if everyone else [f"clusters.{cluster.name}.postgresql" for cluster in users]:
                yield key, what, f"write {POSTGRESQL[-1]}"


def _names(topology: Topology) -> Iterator[tuple[str, str, str]]:
    keys = {node.name: f"clusters.{c.name}.nodes.{node.name}" for c in topology.clusters for node in c.nodes}
    keys |= {machine.name: f"services.{machine.name}" for machine in topology.services}
    for machine in topology.machines:
        if len(machine.name) > NAME_LONGEST:
            what = (
                f"a network port can't be called {PORT}{machine.name}: Linux takes {NAME_LONGEST + len(PORT)} letters"
            )
            yield keys.get(machine.name, "witness.name"), what, f"take a name of at most {NAME_LONGEST} letters"
