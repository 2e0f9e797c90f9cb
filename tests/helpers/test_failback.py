"""The failback that a topology asks for, and nothing of it where it asks for none."""

import os
import subprocess
from pathlib import Path

import pytest
from lxml import etree

from tuchanka.helpers.failback import AGENT, PREFERENCE
from tuchanka.lint.topology import lint
from tuchanka.stacks.pacemaker.timing.derive import derive
from tuchanka.stages.tree import machine_files, scripts
from tuchanka.topology.load import default_text, parse

AUTOMATIC = parse(default_text().replace('failback = "wait"', 'failback = "automatic"', 1), "default.toml")
WAIT = parse(default_text(), "default.toml")
TIMING = derive(AUTOMATIC)


def test_waiting_renders_nothing():
    for cluster in WAIT.clusters:
        assert "failback" not in "".join(scripts(WAIT, cluster, TIMING).values())
        assert all(AGENT not in machine_files(WAIT, node.name, TIMING) for node in cluster.nodes)


def test_the_agent_is_on_every_node_of_the_cluster_and_on_no_other():
    having = [one.name for one in AUTOMATIC.machines if AGENT in machine_files(AUTOMATIC, one.name, TIMING)]
    assert having == ["tuchanka1a", "tuchanka1b"]


def test_only_the_instance_that_asks_for_it_is_drawn_home():
    made = scripts(AUTOMATIC, AUTOMATIC.cluster("tuchanka1"), TIMING)
    assert f"role=Promoted score={PREFERENCE} krogan1a-home eq 1" in made["01-krogan1a.sh"]
    assert "pcs constraint location krogan1a-home avoids tuchanka1b" in made["01-krogan1a.sh"]
    assert "avoids tuchanka1a" not in made["01-krogan1a.sh"]
    assert "-home" not in made["02-krogan1b.sh"]


def test_the_preference_wins_over_a_primary_and_never_over_a_score_that_forbids():
    primary, stickiness, last_of_32, forbidden = 1001, 20, 1000 - 31 * 10, -1000
    assert last_of_32 + PREFERENCE > primary + stickiness
    assert forbidden + PREFERENCE < 0


def test_the_agent_is_a_script_with_metadata():
    text = machine_files(AUTOMATIC, "tuchanka1a", TIMING)[AGENT].content
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    metadata = etree.fromstring(text.partition("<<'END'\n")[2].partition("END\n")[0].encode())
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
    text = machine_files(AUTOMATIC, "tuchanka1a", TIMING)[AGENT].content
    ask = 'ask() { case "$1" in *latest_end_lsn*) echo "$END" ;; *) echo "$THERE" ;; esac; }\nsleep() { :; }\n'
    agent = folder / "agent"
    agent.write_text(text.replace('case "$1" in\nmeta-data)', ask + 'case "$1" in\nmeta-data)'))
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
