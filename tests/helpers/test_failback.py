"""The failback that a topology asks for, and nothing of it where it asks for none."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from lxml import etree

from tuchanka.helpers.files import CAUGHT_UP, text
from tuchanka.lint.topology import lint
from tuchanka.stacks.pacemaker.crm import parse as parse_crm
from tuchanka.stacks.pacemaker.render.pcs import scripts
from tuchanka.stages.tree import machine_files
from tuchanka.topology.load import default_text, parse

SEEN = Path(__file__).parents[1] / "pacemaker" / "seen" / "healthy.xml"

AUTOMATIC = parse(default_text().replace('failback = "wait"', 'failback = "automatic"', 1), "default.toml")
WAIT = parse(default_text(), "default.toml")
OFF = parse(
    default_text()
    .replace('failback = "wait"', 'failback = "automatic"', 1)
    .replace("[helpers]\n", "[helpers]\ncaught_up = false\n"),
    "off",
)


def test_waiting_renders_nothing():
    for cluster in WAIT.clusters:
        assert "failback" not in "".join(scripts(WAIT, cluster).values())
        assert all(CAUGHT_UP not in machine_files(WAIT, node.name) for node in cluster.nodes)


def test_the_agent_is_on_every_node_of_the_cluster_and_on_no_other():
    having = [one.name for one in AUTOMATIC.machines if CAUGHT_UP in machine_files(AUTOMATIC, one.name)]
    assert having == ["tuchanka1a", "tuchanka1b"]


def test_only_the_instance_that_asks_for_it_is_drawn_home():
    made = scripts(AUTOMATIC, AUTOMATIC.cluster("tuchanka1"))
    assert re.search(r"role=Promoted score=\d+ krogan1a-home eq 1$", made["01-krogan1a.sh"], re.MULTILINE)
    assert "pcs constraint location krogan1a-home avoids tuchanka1b" in made["01-krogan1a.sh"]
    assert "avoids tuchanka1a" not in made["01-krogan1a.sh"]
    assert "-home" not in made["02-krogan1b.sh"]


def test_the_preference_wins_over_a_primary_and_never_over_a_score_that_forbids():
    made = scripts(AUTOMATIC, AUTOMATIC.cluster("tuchanka1"))
    (preference,) = (int(one) for one in re.findall(r"role=Promoted score=(\d+)", made["01-krogan1a.sh"]))
    (stickiness,) = (int(one) for one in re.findall(r"resource-stickiness=(\d+)", made["00-cluster.sh"]))
    # PAF's scores as a real cluster had them: of the primary, and of its best standby. Every further standby has 10
    # less, and one that isn't connected has -1000 (PAF's pgsqlms, _check_locations).
    seen = parse_crm(SEEN.read_text())
    assert seen
    best, primary = sorted(seen.scores.values())
    most_nodes = 32
    last = best - 10 * (most_nodes - 2)
    # The instance sticks to its node, and so does its address, which goes with it.
    assert last + preference > primary + 2 * stickiness
    assert preference - 1000 < 0


def test_without_its_agent_an_automatic_failback_is_an_error_and_nothing_of_it_is_rendered():
    (found,) = [one for one in lint(OFF) if one.key.endswith("failback") and one.severity == "error"]
    assert "caught_up" in found.instead
    assert not [one for one in lint(AUTOMATIC) if one.key.endswith("failback") and one.severity == "error"]
    assert "-home" not in "".join(scripts(OFF, OFF.cluster("tuchanka1")).values())
    assert CAUGHT_UP not in machine_files(OFF, "tuchanka1a")


def test_the_agent_is_a_script_with_metadata():
    program = text("caught_up.sh")
    subprocess.run(["sh", "-n"], input=program, text=True, check=True)
    metadata = etree.fromstring(program.partition("<<'END'\n")[2].partition("END\n")[0].encode())
    assert metadata.get("name") == "caught-up"
    assert {one.get("name") for one in metadata.iterfind("parameters/parameter")} == {"attribute", "socket", "port"}


def test_the_lint_warns_of_it_with_asynchronous_replication():
    (found,) = [one for one in lint(AUTOMATIC) if one.key.endswith("failback")]
    assert found.severity == "warning"
    assert not [one for one in lint(WAIT) if one.key.endswith("failback")]
    synchronous = parse(
        default_text().replace('home = "tuchanka4a"', 'home = "tuchanka4a"\nfailback = "automatic"'), "t.toml"
    )
    assert not [one for one in lint(synchronous) if one.key.endswith("failback")]


FUNCTIONS = """
OCF_SUCCESS=0; OCF_NOT_RUNNING=7; OCF_ERR_GENERIC=1; OCF_ERR_UNIMPLEMENTED=3
HA_RSCTMP=$HERE; OCF_RESOURCE_INSTANCE=home; OCF_RESKEY_attribute=home; OCF_RESKEY_socket=/; OCF_RESKEY_port=1
attrd_updater() { echo "$4" >> "$HERE/noted"; }
"""
YES, BEHIND, AWAY, PRIMARY = ("0/5", "t"), ("0/5", "f"), ("", ""), ("primary", "")


def noted(folder: Path, looks: list[tuple[str, str]]) -> str:
    """What the agent notes, look by look, when PostgreSQL gives these two answers each time."""
    (folder / "ocf-shellfuncs").write_text(FUNCTIONS)
    ask = 'ask() { case "$1" in *latest_end_lsn*) echo "$END" ;; *) echo "$THERE" ;; esac; }\nsleep() { :; }\n'
    agent = folder / "agent"
    agent.write_text(text("caught_up.sh").replace('case "$1" in\nmeta-data)', ask + 'case "$1" in\nmeta-data)'))
    for action, (end, there) in (("start", AWAY), *(("monitor", look) for look in looks)):
        answers = {"END": end, "THERE": there}
        env = {**os.environ, "OCF_FUNCTIONS_DIR": str(folder), "HERE": str(folder), **answers}
        subprocess.run(["sh", str(agent), action], env=env, check=True)
    return "".join((folder / "noted").read_text().split())


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([YES, YES, YES], "0011"),
        ([BEHIND, YES, BEHIND, YES, YES], "000001"),
        ([YES, YES, BEHIND, YES, YES], "001001"),
        ([AWAY, AWAY], "000"),
        ([YES, AWAY, YES], "0000"),
        ([YES, YES, *[AWAY] * 12], "001" + "1" * 10 + "00"),
        ([YES, YES, AWAY, AWAY, PRIMARY, PRIMARY], "0011111"),
    ],
)
def test_what_the_agent_notes(tmp_path: Path, looks: list[tuple[str, str]], expected: str):
    assert noted(tmp_path, looks) == expected
