"""The commands on the nodes: shell and Python that anybody can read."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.render.test_default import TOPOLOGY
from tuchanka.node_program import ROOT, imports, program
from tuchanka.stacks.pacemaker.render.commands import PROGRAM
from tuchanka.stacks.pacemaker.restore import node_command
from tuchanka.stacks.pacemaker.restore.node_command import SETTINGS
from tuchanka.stacks.pacemaker.restore.node_settings import read_settings
from tuchanka.stages.tree import machine_files
from tuchanka.topology.types import Cluster

NODES = [(cluster, node.name) for cluster in TOPOLOGY.clusters for node in cluster.nodes]
FILES = {
    f"{node}-{command}": machine_files(TOPOLOGY, node)[f"/usr/local/bin/{command}"]
    for _, node in NODES
    for command in ("mon", "restore")
}


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
def test_restore_knows_the_nodes_instances_and_the_addresses_of_the_others(cluster: Cluster, node: str):
    files = machine_files(TOPOLOGY, node)
    settings = read_settings(files[SETTINGS].content)
    assert (settings.node, settings.cluster) == (node, cluster.name)
    assert [(kept.name, kept.port, kept.others) for kept in settings.instances] == [
        (
            instance.name,
            instance.port,
            {name: str(cluster.node(name).address) for name in instance.nodes if name != node},
        )
        for instance in cluster.instances
        if node in instance.nodes
    ]
    assert str(cluster.node(node).address) not in files[SETTINGS].content


def test_the_program_behind_restore_is_made_of_our_own_modules_as_they_are():
    files = machine_files(TOPOLOGY, "tuchanka2a")
    modules = {path.removeprefix(f"{PROGRAM}/"): file.content for path, file in files.items() if PROGRAM in path}
    main = modules.pop("__main__.py")
    assert "restore.node_command import main" in main
    assert all((ROOT / path).read_text() == text for path, text in modules.items())
    # What decides is there, and what only a host has is not.
    decide = (
        "postgres/controldata",
        "postgres/wal",
        "stacks/pacemaker/restore/method",
        "stacks/pacemaker/restore/plan",
    )
    assert {f"tuchanka/{name}.py" for name in decide} <= set(modules)
    rooms = {path.split("/")[1] for path in modules}
    assert not rooms & {"lab", "cli", "stages", "faults", "campaign", "analysis", "report", "topology", "helpers"}


@pytest.mark.parametrize("name", sorted(program(node_command.__name__)))
def test_the_program_imports_nothing_but_itself_and_the_standard_library(name: str):
    for node in ast.walk(ast.parse(program(node_command.__name__)[name])):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for one in names:
            assert one.partition(".")[0] in {"tuchanka", *sys.stdlib_module_names}, f"{name} imports {one}"


def test_imports_are_found_wherever_they_stand():
    text = "import os\nfrom tuchanka.postgres import pg_ctl\ndef f():\n    import tuchanka.files\n"
    assert sorted(imports(text)) == ["tuchanka.files", "tuchanka.postgres.pg_ctl"]
