"""Whatever topology the lint accepts: it can be rendered, and what was rendered holds together."""

import re
import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.render.corosync import parse as parse_corosync
from tuchanka.lint.topology import lint
from tuchanka.stages.tree import tree
from tuchanka.topology.load import parse
from tuchanka.topology.types import Topology


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """A topology with 1 to 3 clusters of 2 to 8 nodes at 1 to 3 sites, free of errors by construction."""
    addresses = iter(draw(st.permutations(range(1, 200))))

    def address() -> str:
        return f'"10.1.2.{next(addresses)}"'

    sites = [f"dc{number}" for number in range(draw(st.integers(1, 3)))]
    lines = [
        'name = "lab"',
        f'profile = "{draw(st.sampled_from(["fast", "steady", "cautious"]))}"',
        f'locale = "{draw(st.sampled_from(["C.UTF-8", "en_US.UTF-8", "POSIX", "de_DE"]))}"',
        '[network]\nsubnet = "10.1.2.0/24"\nhost = "10.1.2.254"',
        *(f"[sites.{site}]" for site in (*sites, "w")),
    ]
    witness = draw(st.booleans())
    if witness:
        lines.append(f'[witness]\nname = "witness"\nsite = "w"\naddress = {address()}')
    for number in range(draw(st.integers(1, 3))):
        cluster = f"clusters.c{number}"
        nodes = [
            f"n{number}-{index}" for index in range(draw(st.sampled_from([2, 3, 4, 5, 8] if witness else [3, 5, 7])))
        ]
        lines.append(f"[{cluster}]\nwitness = {str(witness).lower()}")
        lines += [
            f'[{cluster}.nodes.{node}]\nsite = "{draw(st.sampled_from(sites))}"\naddress = {address()}'
            for node in nodes
        ]
        for index in range(draw(st.integers(1, 2))):
            instance = f"{cluster}.instances.i{number}_{index}"
            kept = draw(st.lists(st.sampled_from(nodes), min_size=2, unique=True))
            vips = ", ".join(
                f'{{ name = "s{number}-{index}-{vip}", address = {address()} }}'
                for vip in range(draw(st.integers(0, len(kept) - 1)))
            )
            lines.append(
                f'[{instance}]\nport = {5432 + index}\nhome = "{kept[0]}"\nnodes = {kept}\n'
                f'primary_vip = {{ name = "p{number}-{index}", address = {address()} }}\nstandby_vips = [{vips}]'
            )
            if draw(st.booleans()):
                method = draw(st.sampled_from(["FIRST", "ANY"]))
                lines.append(f'[{instance}.synchronous]\nmethod = "{method}"\ncount = 1\nother_site_first = true')
    return parse("\n".join(lines), "t.toml")


@settings(max_examples=40, deadline=None)
@given(topologies())
def test_any_topology_renders_and_holds_together(topology: Topology):
    lint(topology)
    files = tree(topology)
    assert {name.split("/")[1] for name in files if name.startswith("nodes/")} == {
        machine.name for machine in topology.machines
    }
    votes_add_up(topology, files)
    vips_are_rendered_once(topology, files)
    no_address_twice(topology, files)
    standbys_are_the_others(topology, files)
    instances_have_one_home(topology, files)
    standby_vips_keep_apart(topology, files)


def votes_add_up(topology: Topology, files: dict[str, str]) -> None:
    for cluster in topology.clusters:
        for node in cluster.nodes:
            sections = parse_corosync(files[f"nodes/{node.name}/etc/corosync/corosync.conf"])
            members = sections["nodelist"][0].lists["node"]
            assert [one["name"] for one in members] == [one.name for one in cluster.nodes]
            assert len({one["nodeid"] for one in members}) == len(members)
            devices = sections["quorum"][0].lists.get("device", [])
            votes = len(members) + sum(int(device["votes"]) for device in devices)
            # A half that is cut off must not be able to go on: an even cluster needs the device's vote.
            assert votes == len(cluster.nodes) + bool(topology.witness)
            assert votes >= 3


def vips_are_rendered_once(topology: Topology, files: dict[str, str]) -> None:
    made = [
        (name.split("/")[1], *found)
        for name, text in files.items()
        if name.startswith("pcs/")
        for found in re.findall(r"^pcs resource create (\S+)-vip ocf:heartbeat:IPaddr2 ip=(\S+)", text, re.MULTILINE)
    ]
    assert sorted(made) == sorted(
        (cluster.name, vip.name, str(vip.address))
        for cluster in topology.clusters
        for instance in cluster.instances
        for vip in instance.vips
    )


def no_address_twice(topology: Topology, files: dict[str, str]) -> None:
    for machine in topology.machines:
        hosts = files[f"nodes/{machine.name}/etc/hosts"].splitlines()
        addresses = [line.split()[0] for line in hosts if line.startswith("10.")]
        assert len(set(addresses)) == len(addresses)
        network = files[f"nodes/{machine.name}/etc/systemd/network/10-tuchanka.network"]
        assert re.findall(r"^Address=(.*)$", network, re.MULTILINE) == [f"{machine.address}/24"]


def standbys_are_the_others(topology: Topology, files: dict[str, str]) -> None:
    for cluster in topology.clusters:
        for instance in cluster.instances:
            for node in instance.nodes:
                text = files[f"nodes/{node}/etc/postgresql/{cluster.postgresql}/{instance.name}/postgresql.conf"]
                found = re.search(r"^synchronous_standby_names = '(.*)'$", text, re.MULTILINE)
                assert found
                named = re.findall(r'"([^"]+)"', found[1])
                others = [name for name in instance.nodes if name != node]
                assert sorted(named) == (sorted(others) if instance.synchronous else [])
                sites = [cluster.node(name).site == cluster.node(node).site for name in named]
                assert sites == sorted(sites)


def instances_have_one_home(topology: Topology, files: dict[str, str]) -> None:
    """An instance belongs to one cluster and one home, and is nowhere but on its nodes; ports never meet."""
    for cluster in topology.clusters:
        for instance in cluster.instances:
            made = [name for name, text in files.items() if f"pcs resource create --future {instance.name} " in text]
            assert [name.split("/")[:2] for name in made] == [["pcs", cluster.name]]
            assert instance.nodes.count(instance.home) == 1
            configured = {name.split("/")[1] for name in files if name.endswith(f"/{instance.name}/postgresql.conf")}
            assert configured == set(instance.nodes)
            absent = re.findall(
                rf"^pcs constraint location {instance.name}-clone avoids (\S+)$", files[made[0]], re.MULTILINE
            )
            assert sorted((*absent, *instance.nodes)) == sorted(node.name for node in cluster.nodes)
    for machine in topology.machines:
        texts = [text for name, text in files.items() if re.match(rf"nodes/{machine.name}/.*/postgresql.conf$", name)]
        for key in ("port", "data_directory", "external_pid_file", "syslog_ident"):
            values = [value for text in texts for value in re.findall(rf"^{key} = (.*)$", text, re.MULTILINE)]
            assert len(set(values)) == len(values) == len(texts)


def standby_vips_keep_apart(topology: Topology, files: dict[str, str]) -> None:
    """Crowded together they still prefer a standby to the primary, and none of them pulls its instance."""
    for cluster in topology.clusters:
        for instance in cluster.instances:
            (text,) = (text for name, text in files.items() if re.match(rf"pcs/.*-{instance.name}\.sh$", name))
            for vip in instance.standby_vips:
                scores = re.findall(rf"colocation add {vip.name}-vip with (.+) score=(-?\d+)$", text, re.MULTILINE)
                primary = [int(score) for whom, score in scores if whom.startswith("Promoted ")]
                others = [int(score) for whom, score in scores if whom.endswith("-vip")]
                assert primary[0] < sum(others)
            assert text.count("critical=false") == len(instance.standby_vips)


@settings(max_examples=10, deadline=None)
@given(topologies())
def test_the_scripts_of_any_topology_are_shell(topology: Topology):
    files = tree(topology)
    text = "\n".join(text for name, text in files.items() if name.startswith("pcs/"))
    done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
