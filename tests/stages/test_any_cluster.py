"""Any cluster can be named alone: its nodes are made, and the witness if it needs it; no other machine."""

import asyncio
from pathlib import Path

import pytest

from tuchanka.files import File
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Silent
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider, Step
from tuchanka.stacks.pacemaker.setup.cluster import WORK
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.stages import pipeline
from tuchanka.topology.load import load

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = [None, *sorted(EXAMPLES.glob("*.toml"))]
CLUSTERS = [(file, cluster.name) for file in FILES for cluster in load(file).clusters]


@pytest.mark.parametrize(("file", "name"), CLUSTERS, ids=[name for _, name in CLUSTERS])
def test_a_cluster_alone_brings_its_witness_and_the_services_along(tmp_path: Path, file: Path | None, name: str):
    topology, provider = load(file), FakeProvider()

    def answer(step: Step) -> Completed:
        files = provider.machine(step.machine).files
        files.setdefault(f"{WORK}/cib.xml", File(""))
        return Completed(0, "", "")

    provider.script = answer
    lab = Lab(LabFolder(tmp_path), topology, provider, PACEMAKER)
    cluster = topology.cluster(name)
    asyncio.run(pipeline.setup(lab, (cluster,), Silent()))
    witness = [topology.witness.name] if cluster.witness and topology.witness else []
    made = [one for one, machine in provider.machines.items() if machine.snapshots()]
    beside = [machine.name for machine in topology.services]
    assert sorted(made) == sorted([*(node.name for node in cluster.nodes), *witness, *beside])
