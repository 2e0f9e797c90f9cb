"""The failback that a topology asks for, and nothing of it where it asks for none."""

import subprocess

from lxml import etree

from tuchanka.render.failback import AGENT, PREFERENCE
from tuchanka.render.tree import machine_files, scripts
from tuchanka.timing.derive import derive
from tuchanka.topology.lint import lint
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
