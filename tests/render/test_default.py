"""What must hold of every file of the built-in topology, as it is rendered."""

import re
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.render.corosync import parse
from tests.render.recorded import recorded
from tuchanka.lab import secrets
from tuchanka.lab.folder import LabFolder
from tuchanka.postgres.config import synchronous_standby_names
from tuchanka.postgres.effective import GUARDED, effective
from tuchanka.stacks.pacemaker.render.pcs import scripts
from tuchanka.stacks.pacemaker.timing.derive import derive
from tuchanka.stages.tree import machine_files, tree
from tuchanka.topology.load import load
from tuchanka.topology.types import Cluster, Instance, Synchronous

TOPOLOGY = load(None)
TIMING = derive(TOPOLOGY)
TREE = recorded(tree(TOPOLOGY))
INSTANCES = [(cluster, instance) for cluster in TOPOLOGY.clusters for instance in cluster.instances]
HOMES = [(cluster, instance, node) for cluster, instance in INSTANCES for node in instance.nodes]
SCRIPTS = {name: text for name, text in TREE.items() if name.startswith("pcs/")}


def of_instance(instance: Instance, node: str, name: str) -> str:
    version = TOPOLOGY.postgresql_of(instance.name)
    return TREE[f"nodes/{node}/etc/postgresql/{version}/{instance.name}/{name}"]


def settings(text: str) -> dict[str, str]:
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    pairs = [line.split(" = ", 1) for line in lines if line]
    return {key: value.strip("'") for key, value in pairs}


def test_rendering_twice_gives_the_same():
    assert recorded(tree(load(None))) == TREE


@pytest.mark.parametrize("cluster", TOPOLOGY.clusters, ids=lambda cluster: cluster.name)
def test_corosync_reads_the_nodes_their_addresses_and_the_quorum_device(cluster: Cluster):
    text = TREE[f"nodes/{cluster.nodes[0].name}/etc/corosync/corosync.conf"]
    sections = parse(text)
    assert [(node["name"], node["ring0_addr"], node["nodeid"]) for node in sections["nodelist"][0].lists["node"]] == [
        (node.name, str(node.address), str(number)) for number, node in enumerate(cluster.nodes, 1)
    ]
    totem = sections["totem"][0]
    assert (totem["transport"], totem["crypto_cipher"], totem["crypto_hash"]) == ("knet", "aes256", "sha256")
    assert (totem["token"], totem["consensus"]) == (str(TIMING.token_ms), str(TIMING.consensus_ms))
    device = sections["quorum"][0].lists["device"][0]
    assert (device["model"], device["votes"]) == ("net", "1")
    net = device.lists["net"][0]
    assert (net["host"], net["algorithm"], net["tls"]) == ("witness", "ffsplit", "required")
    # Either of them would disable the quorum device.
    assert "two_node" not in text
    assert "auto_tie_breaker" not in text


@pytest.mark.parametrize("name", [name for name in TREE if name.endswith("corosync.conf")])
def test_every_brace_ends_its_line(name: str):
    assert re.search(r"\{[^\n]", TREE[name]) is None
    assert TREE[name].count("{") == TREE[name].count("}") > 4


@pytest.mark.parametrize("cluster", TOPOLOGY.clusters, ids=lambda cluster: cluster.name)
def test_corosync_and_sbd_are_the_same_on_every_node_of_a_cluster(cluster: Cluster):
    for path in ("/etc/corosync/corosync.conf", "/etc/default/sbd"):
        assert len({TREE[f"nodes/{node.name}{path}"] for node in cluster.nodes}) == 1


def test_every_vip_is_made_once_and_only_in_its_instances_script():
    for cluster, instance in INSTANCES:
        text = next(text for name, text in SCRIPTS.items() if name.endswith(f"-{instance.name}.sh"))
        for vip in instance.vips:
            made = f"pcs resource create {vip.name}-vip ocf:heartbeat:IPaddr2 ip={vip.address} "
            assert text.count(made) == 1
            assert "".join(SCRIPTS.values()).count(f"ip={vip.address} ") == 1
            assert f"pcs/{cluster.name}/" in "".join(name for name, one in SCRIPTS.items() if made in one)


def test_the_primary_vip_is_with_the_promoted_role_and_a_standby_vip_rather_not():
    for _, instance in INSTANCES:
        text = next(text for name, text in SCRIPTS.items() if name.endswith(f"-{instance.name}.sh"))
        colocated = re.findall(r"^pcs constraint colocation add (\S+) with (.+) score=(\S+)$", text, re.MULTILINE)
        clone = f"{instance.name}-clone"
        assert (f"{instance.primary_vip.name}-vip", f"Promoted {clone}", "INFINITY") in colocated
        for vip in instance.standby_vips:
            scores = {whom: score for who, whom, score in colocated if who == f"{vip.name}-vip"}
            assert scores[clone] == "INFINITY"
            assert int(scores[f"Promoted {clone}"]) < 0


def test_the_scripts_run_the_cluster_first_then_its_instances_in_the_order_of_the_topology():
    for cluster in TOPOLOGY.clusters:
        names = list(scripts(TOPOLOGY, cluster))
        assert names == sorted(names)
        assert names[0] == "00-cluster.sh"
        assert [name.partition("-")[2] for name in names[1:]] == [f"{one.name}.sh" for one in cluster.instances]


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_are_shell(name: str):
    assert SCRIPTS[name].startswith("#!/bin/sh\n")
    done = subprocess.run(["sh", "-n"], input=SCRIPTS[name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="no shellcheck on this host")
def test_shellcheck_finds_nothing_in_the_scripts(tmp_path: Path):
    files = []
    for name, text in SCRIPTS.items():
        file = tmp_path / name.replace("/", "-")
        file.write_text(text)
        files.append(file)
    # SC1010 takes the "then" of "pcs constraint order A then B" for the shell's.
    command = ["shellcheck", "--exclude=SC1010", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_scripts_and_the_configuration_have_no_line_that_ends_in_a_blank():
    for name, text in TREE.items():
        assert text.endswith("\n"), name
        assert not [line for line in text.splitlines() if line != line.rstrip()], name
        assert "\n\n\n" not in text, name


@pytest.mark.parametrize(("cluster", "instance", "node"), HOMES, ids=lambda one: getattr(one, "name", one))
def test_a_node_can_not_replicate_from_itself(cluster: Cluster, instance: Instance, node: str):
    rules = [
        line.split() for line in of_instance(instance, node, "pg_hba.conf").splitlines() if line.startswith("host")
    ]
    replication = [(rule[3], rule[4]) for rule in rules if rule[1] == "replication"]
    assert all(rule[2] == "replicator" for rule in rules if rule[1] == "replication")
    refused = [str(cluster.node(node).address), *(str(vip.address) for vip in instance.vips)]
    others = [str(cluster.node(name).address) for name in instance.nodes if name != node]
    assert replication == [
        *((f"{address}/32", "reject") for address in refused),
        *((f"{address}/32", "scram-sha-256") for address in others),
    ]


@pytest.mark.parametrize(("cluster", "instance", "node"), HOMES, ids=lambda one: getattr(one, "name", one))
def test_nobody_comes_in_over_the_network_without_scram(cluster: Cluster, instance: Instance, node: str):
    for line in of_instance(instance, node, "pg_hba.conf").splitlines():
        if line.startswith("host"):
            assert line.split()[-1] in {"reject", "scram-sha-256"}
        elif line and not line.startswith("#"):
            assert line.split() == ["local", "all", "all", "peer"]


@pytest.mark.parametrize(("cluster", "instance", "node"), HOMES, ids=lambda one: getattr(one, "name", one))
def test_postgresql_has_what_paf_and_the_failover_need(cluster: Cluster, instance: Instance, node: str):
    read = settings(of_instance(instance, node, "postgresql.conf"))
    info = dict(pair.split("=", 1) for pair in read["primary_conninfo"].split())
    assert info["application_name"] == node
    assert (info["host"], info["port"]) == (str(instance.primary_vip.address), str(instance.port))
    assert "password" not in info
    assert read["port"] == str(instance.port)
    assert read["restart_after_crash"] == "off"
    assert read["recovery_target_timeline"] == "latest"
    assert read["hot_standby"] == "on"
    assert read["wal_level"] == "replica"
    assert read["password_encryption"] == "scram-sha-256"
    assert of_instance(instance, node, "start.conf") == "manual\n"


def test_the_standbys_of_the_other_site_come_first_on_every_node_of_tuchanka4():
    cluster = TOPOLOGY.cluster("tuchanka4")
    expected = {
        "tuchanka4a": 'FIRST 1 ("tuchanka4c", "tuchanka4d", "tuchanka4b")',
        "tuchanka4b": 'FIRST 1 ("tuchanka4c", "tuchanka4d", "tuchanka4a")',
        "tuchanka4c": 'FIRST 1 ("tuchanka4a", "tuchanka4b", "tuchanka4d")',
        "tuchanka4d": 'FIRST 1 ("tuchanka4a", "tuchanka4b", "tuchanka4c")',
    }
    instance = cluster.instance("krogan4")
    for node, names in expected.items():
        assert settings(of_instance(instance, node, "postgresql.conf"))["synchronous_standby_names"] == names
    for node in TOPOLOGY.cluster("tuchanka2").nodes:
        text = TREE[f"nodes/{node.name}/etc/postgresql/17/krogan2/postgresql.conf"]
        assert settings(text)["synchronous_standby_names"] == ""


def test_any_of_the_standbys_in_the_order_of_the_topology():
    cluster = TOPOLOGY.cluster("tuchanka4")
    instance = replace(cluster.instance("krogan4"), synchronous=Synchronous("ANY", 2))
    names = synchronous_standby_names(cluster, instance, "tuchanka4b")
    assert names == 'ANY 2 ("tuchanka4a", "tuchanka4c", "tuchanka4d")'


def test_the_settings_of_the_topology_come_last_so_that_they_hold():
    cluster = TOPOLOGY.cluster("tuchanka2")
    instance = replace(cluster.instance("krogan2"), settings={"shared_buffers": "256MB", "jit": "off"})
    topology = replace(TOPOLOGY, clusters=(replace(cluster, instances=(instance,)),))
    text = machine_files(topology, "tuchanka2a")["/etc/postgresql/17/krogan2/postgresql.conf"].content
    assert settings(text)["shared_buffers"] == "256MB"
    assert text.endswith("jit = 'off'\nshared_buffers = '256MB'\n")


def test_chrony_hears_the_witness_first_and_then_the_other_nodes():
    for cluster in TOPOLOGY.clusters:
        for node in cluster.nodes:
            text = TREE[f"nodes/{node.name}/etc/chrony/chrony.conf"]
            servers = re.findall(r"^server (\S+)", text, re.MULTILINE)
            others = [str(other.address) for other in cluster.nodes if other != node]
            assert servers == ["192.168.89.251", *others]
            assert re.search(r"^local stratum \d+ orphan ", text, re.MULTILINE)
    strata = [
        re.search(r"stratum (\d+)", TREE[f"nodes/{name}/etc/chrony/chrony.conf"])
        for name in ("witness", "tuchanka1a")
    ]
    first, second = (int(found[1]) for found in strata if found)
    assert first < second
    assert not re.search(r"^server", TREE["nodes/witness/etc/chrony/chrony.conf"], re.MULTILINE)


def test_every_machine_knows_every_name():
    for machine in TOPOLOGY.machines:
        lines = [line.split() for line in TREE[f"nodes/{machine.name}/etc/hosts"].splitlines() if line]
        known = {line[-1]: line[0] for line in lines if line[0][0].isdigit()}
        for one in TOPOLOGY.machines:
            assert known[one.name] == str(one.address)
        for _, instance in INSTANCES:
            assert all(known[vip.name] == str(vip.address) for vip in instance.vips)
        assert TREE[f"nodes/{machine.name}/etc/hostname"] == f"{machine.name}\n"


def test_the_quorum_device_decides_before_the_watchdog_fires_and_that_before_the_other_side_promotes():
    sbd = settings(TREE["nodes/tuchanka2a/etc/default/sbd"].replace("=", " = "))
    assert (sbd["SBD_WATCHDOG_DEV"], sbd["SBD_DELAY_START"]) == ("/dev/watchdog", "no")
    watchdog = int(sbd["SBD_WATCHDOG_TIMEOUT"])
    found = re.search(r"--name stonith-watchdog-timeout --update (\d+)ms", SCRIPTS["pcs/tuchanka2/00-cluster.sh"])
    assert found
    assert TIMING.qdevice_sync_timeout_ms <= 1000 * watchdog < int(found[1])


def test_nothing_secret_is_rendered(tmp_path: Path):
    made = secrets.ensure(LabFolder(tmp_path), ("heartbeat",))
    for name, text in TREE.items():
        for word in ("PRIVATE KEY", made.replication, made.corosync_key, made.services["heartbeat"]):
            assert word not in text, name
        # The password file is named, and an encryption of passwords, and what SSH refuses; nothing else.
        rest = re.sub(r"passfile=\S+|password_encryption|PasswordAuthentication|PermitRootLogin\s\S+", "", text)
        assert "password" not in rest.lower(), name
    assert not [name for name in TREE if re.search(r"authkey|pgpass|ssh_host|shadow", name)]


def test_postgresqls_files_belong_to_its_user_and_are_not_for_others():
    for path, file in machine_files(TOPOLOGY, "tuchanka4a").items():
        if path.startswith("/etc/postgresql/"):
            assert (file.owner, file.group, file.mode) == ("postgres", "postgres", 0o640)


def test_the_witness_has_nothing_of_a_node():
    names = {name.removeprefix("nodes/witness") for name in TREE if name.startswith("nodes/witness/")}
    assert "/etc/default/corosync-qnetd" in names
    assert not [name for name in names if "postgresql" in name or "corosync.conf" in name or "sbd" in name]


def test_no_two_instances_of_a_node_share_a_port_or_a_folder():
    for cluster in TOPOLOGY.clusters:
        for node in cluster.nodes:
            here = [one for one in cluster.instances if node.name in one.nodes]
            read = [settings(of_instance(one, node.name, "postgresql.conf")) for one in here]
            for one, other in pairwise(read):
                for key in ("port", "data_directory", "external_pid_file", "syslog_ident"):
                    assert one[key] != other[key]


def test_what_guarantees_depend_on_is_rendered_as_the_promises_suppose():
    for _, instance, node in HOMES:
        rendered = settings(of_instance(instance, node, "postgresql.conf"))
        assert "synchronous_commit" in rendered
        for name in GUARDED.keys() & rendered.keys():
            assert GUARDED[name].read(rendered[name]) == effective(instance)[name]
