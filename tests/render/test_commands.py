"""The commands on the nodes: shell that anybody can read."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.render.test_default import TOPOLOGY
from tuchanka.stages.tree import machine_files

NODES = [(cluster, node.name) for cluster in TOPOLOGY.clusters for node in cluster.nodes]
FILES = {
    f"{node}-{command}": machine_files(TOPOLOGY, node)[f"/usr/local/bin/{command}"]
    for _, node in NODES
    for command in ("mon", "restore")
}


def run(script: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", script, "restore", *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", FILES)
def test_they_are_programs_and_shell(name: str):
    file = FILES[name]
    assert (file.mode, file.owner) == (0o755, "root")
    done = subprocess.run(["sh", "-n"], input=file.content, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="no shellcheck on this host")
def test_shellcheck_finds_nothing(tmp_path: Path):
    for name, file in FILES.items():
        (tmp_path / name).write_text(file.content)
    done = subprocess.run(["shellcheck", *tmp_path.iterdir()], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_witness_has_none_of_them():
    assert TOPOLOGY.witness
    assert not [path for path in machine_files(TOPOLOGY, TOPOLOGY.witness.name) if "/usr/local" in path]


@pytest.mark.parametrize(("cluster", "node"), NODES, ids=[node for _, node in NODES])
def test_restore_knows_the_nodes_instances_and_the_addresses_of_the_others(cluster, node: str):  # noqa: ANN001
    text = FILES[f"{node}-restore"].content
    for instance in cluster.instances:
        others = [str(cluster.node(name).address) for name in instance.nodes if name != node]
        block = text.partition(f"    {instance.name})\n")[2].partition(";;")[0].split("\n")
        assert f"port={instance.port}" in block[0]
        assert block[1].endswith(f"/{instance.name}")
        assert f"others='{' '.join(others)}'" in block[2]
    assert str(cluster.node(node).address) not in text


@pytest.mark.parametrize(
    ("position", "number"),
    [("0/0", 0), ("0/3000060", 0x3000060), ("A/FFFFFFFF", 0xAFFFFFFFF), ("7FFFFFFF/0", 0x7FFFFFFF << 32)],
)
def test_positions_are_compared_as_numbers(position: str, number: int):
    text = FILES["tuchanka2a-restore"].content
    function = "number() {" + text.partition("number() {")[2].partition("\n}\n")[0] + "\n}"
    done = run(f'{function}\nnumber "$1"', position)
    assert (done.stdout, done.stderr) == (f"{number}\n", "")


def test_a_wrong_name_and_help_touch_nothing():
    text = FILES["tuchanka1a-restore"].content
    done = run(text, "krogan9")
    assert (done.returncode, done.stdout) == (2, "")
    assert "choose from: krogan1a krogan1b" in done.stderr
