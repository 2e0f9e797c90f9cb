"""What must hold of tuchanka2 when it is up."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.real.lab import ADDRESSES, AS_POSTGRES, CLUSTER, INSTANCE, MACHINES, NODES, VIPS, RealLab

pytestmark = pytest.mark.lab

CLUSTER_SERVICES = ("corosync", "corosync-qdevice", "pacemaker", "postgresql", "postgresql@17-krogan2", "pcsd")
LOG_IN = """
import asyncio, asyncpg, json, sys

async def main():
    try:
        connection = await asyncpg.connect(**json.load(sys.stdin), timeout=5)
        print("in as", await connection.fetchval("select current_user"))
    except (asyncpg.PostgresError, OSError) as error:
        print(type(error).__name__, error)

asyncio.run(main())
"""


def log_in(lab: RealLab, **how: object) -> str:
    """Connect to PostgreSQL from the lab host's address, and return what came of it."""
    done = lab.inside(sys.executable, "-c", LOG_IN, stdin=json.dumps(how))
    return done.stdout.strip() or done.stderr


def heartbeat_password(lab: RealLab) -> str:
    password = json.loads((lab.folder / "secrets" / "secrets.json").read_text())["heartbeat"]
    assert isinstance(password, str)
    return password


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


@pytest.fixture(scope="module")
def state(lab: RealLab) -> dict[str, Any]:
    return lab.state()


# --- status


def test_status_says_healthy(state: dict[str, Any]) -> None:
    assert state["problems"] == []
    assert state["healthy"] is True
    assert state["fencing"] is True
    assert state["coordinator"] in NODES


def test_every_node_is_online_with_its_watchdog_armed(state: dict[str, Any]) -> None:
    nodes = {node["name"]: node for node in state["nodes"]}
    assert set(nodes) == set(NODES)
    for node in nodes.values():
        assert (node["power"], node["watchdog"]) == ("on", "armed")
        assert (node["stack_running"], node["online"], node["unclean"]) == (True, True, False)
        assert node["fail_counts"] == {}


def test_the_quorum_device_gives_the_third_of_three_votes(state: dict[str, Any]) -> None:
    assert state["quorum"] == {"quorate": True, "votes": 3, "expected": 3, "device": True}


def test_one_node_is_primary_and_the_other_streams_from_it(state: dict[str, Any]) -> None:
    (instance,) = state["instances"]
    primary, standby = sorted(instance["copies"], key=lambda copy: str(copy["role"]))
    assert (primary["role"], primary["in_recovery"]) == ("primary", False)
    assert (standby["role"], standby["in_recovery"], standby["state"]) == ("standby", True, "streaming")
    assert primary["timeline"] == standby["timeline"]


def test_each_vip_is_where_its_role_is_and_nowhere_else(lab: RealLab, state: dict[str, Any]) -> None:
    (instance,) = state["instances"]
    nodes = {copy["role"]: [copy["node"]] for copy in instance["copies"]}
    roles = {vip["name"]: (vip["role"], vip["nodes"]) for vip in state["vips"]}
    assert roles == {"krogan2": ("primary", nodes["primary"]), "krogan2s1": ("standby", nodes["standby"])}
    for name, (_, (holder,)) in roles.items():
        for node in NODES:
            held = f" {VIPS[name]}/" in lab.execute(node, "ip", "-4", "addr", "show", "dev", "host0")
            assert held == (node == holder)


def test_status_for_people_says_the_same(lab: RealLab) -> None:
    text = lab.run("status").stdout
    assert "healthy" in text
    for word in (CLUSTER, INSTANCE, *NODES, *VIPS):
        assert word in text


# --- the stack


@pytest.mark.parametrize("node", NODES)
def test_nothing_of_the_cluster_starts_on_boot(lab: RealLab, node: str) -> None:
    for service in CLUSTER_SERVICES:
        assert lab.execute(node, "systemctl", "is-enabled", service, status=None) == "disabled"
    wanted = lab.execute(node, "systemctl", "list-dependencies", "--plain", "multi-user.target")
    assert not re.search(r"corosync|pacemaker|postgresql|pcsd|sbd", wanted)


@pytest.mark.parametrize("node", NODES)
def test_corosync_speaks_knet_encrypted(lab: RealLab, node: str) -> None:
    values = {line[0]: line[-1] for line in words(lab.execute(node, "corosync-cmapctl"))}
    assert values["totem.transport"] == "knet"
    assert values["totem.crypto_cipher"].startswith("aes")
    assert values["totem.crypto_hash"].startswith("sha")


@pytest.mark.parametrize("node", NODES)
def test_the_quorum_device_is_asked_over_tls(lab: RealLab, node: str) -> None:
    clients = lab.execute("witness", "corosync-qnetd-tool", "-l", "-v")
    assert len(re.findall(r"TLS active:\s+Yes \(client certificate verified\)", clients)) == len(NODES)
    device = lab.execute(node, "corosync-qdevice-tool", "-s", "-v")
    assert re.search(r"State:\s+Connected", device)
    assert re.search(r"Algorithm:\s+Fifty-Fifty split", device)


@pytest.mark.parametrize("node", NODES)
def test_sbd_runs_without_a_disk_and_pacemaker_may_fence(lab: RealLab, node: str) -> None:
    assert "sbd: inquisitor" in lab.execute(node, "pgrep", "-a", "-x", "sbd")
    # sbd(8): "dump" and "list" need a disk, and there is none.
    assert "SBD_DEVICE=" not in lab.execute(node, "grep", "-E", "^SBD_", "/etc/default/sbd")
    value = lab.execute(node, "crm_attribute", "--query", "--name", "stonith-enabled", "--quiet")
    assert value == "true"
    properties = lab.execute(node, "crm_attribute", "--query", "--name", "have-watchdog", "--quiet")
    assert properties == "true"


@pytest.mark.parametrize("node", NODES)
def test_pages_have_checksums_and_a_crashed_server_is_left_to_pacemaker(lab: RealLab, node: str) -> None:
    assert lab.sql(node, "show data_checksums") == "on"
    assert lab.sql(node, "show restart_after_crash") == "off"
    assert lab.sql(node, "show password_encryption") == "scram-sha-256"


# --- who gets in


@pytest.mark.parametrize("address", [ADDRESSES["tuchanka2a"], *VIPS.values()])
def test_the_right_password_opens_and_a_wrong_one_does_not(lab: RealLab, address: str) -> None:
    account = {"host": address, "user": "heartbeat", "database": "heartbeat"}
    assert log_in(lab, **account, password=heartbeat_password(lab)) == "in as heartbeat"
    assert log_in(lab, **account, password="not it").startswith("InvalidPasswordError")
    assert not log_in(lab, **account).startswith("in as")


def test_the_superuser_can_not_log_in_over_the_network(lab: RealLab) -> None:
    answer = log_in(lab, host=VIPS["krogan2"], user="postgres", database="postgres", password="x")
    assert not answer.startswith("in as")


@pytest.mark.parametrize("node", NODES)
def test_a_node_can_replicate_from_the_other_and_not_from_itself(
    lab: RealLab, state: dict[str, Any], node: str
) -> None:
    other = next(name for name in NODES if name != node)
    identify = [*AS_POSTGRES, "psql", "-XAtq", "-c", "IDENTIFY_SYSTEM"]
    account = (
        "user=replicator dbname=replication replication=true connect_timeout=5 passfile=/var/lib/postgresql/.pgpass"
    )
    assert "|" in lab.execute(node, *identify, f"host={ADDRESSES[other]} {account}")
    own = [ADDRESSES[node], "127.0.0.1", *(vip["address"] for vip in state["vips"] if vip["nodes"] == [node])]
    for address in own:
        answer = lab.execute(node, *identify, f"host={address} {account}", status=2)
        assert re.search(r"pg_hba.conf rejects replication|no pg_hba.conf entry for replication", answer)


# --- getting into machines


def test_exec_passes_output_input_and_exit_status_on(lab: RealLab) -> None:
    done = lab.run("exec", "witness", "--", "sh", "-c", "cat; echo out; echo err >&2; exit 7", status=7, stdin="in\n")
    assert done.stdout == "in\nout\n"
    assert done.stderr == "err\n"


@pytest.mark.parametrize("machine", MACHINES)
def test_ssh_logs_in_with_the_labs_keys_and_passes_the_exit_status_on(lab: RealLab, machine: str) -> None:
    done = lab.run("ssh", machine, "--", "hostname; exit 5", status=5)
    assert done.stdout == f"{machine}\n"
    assert done.stderr == ""


def test_ssh_config_lets_other_programs_in(lab: RealLab, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(lab.run("ssh-config").stdout)
    done = lab.inside("ssh", "-F", str(config), "tuchanka2a.tuchanka", "id", "-un")
    assert (done.stdout, done.returncode) == ("root\n", 0)


def test_hosts_has_every_machine_and_vip(lab: RealLab) -> None:
    lines = words(lab.run("hosts").stdout)
    for name, address in {**ADDRESSES, **VIPS}.items():
        assert any(line[0] == address and name in line for line in lines if line)


def test_machines_know_each_other_by_name(lab: RealLab) -> None:
    for name, address in {**ADDRESSES, **VIPS}.items():
        assert lab.execute("witness", "getent", "ahostsv4", name).startswith(address)


def test_logs_show_the_journal_and_the_console(lab: RealLab) -> None:
    assert "pacemaker" in lab.run("logs", "tuchanka2a").stdout
    assert "Debian" in lab.run("logs", "tuchanka2a", "--console").stdout


def test_snapshots_lists_the_stages_each_machine_has_behind_it(lab: RealLab) -> None:
    found = json.loads(lab.run("snapshots", "--json").stdout)
    assert found["tuchanka2a"] == found["tuchanka2b"] == ["create", "install", "setup"]
    assert found["witness"] == ["create", "install"]
    assert found["tuchanka4a"] == []


def test_up_on_a_healthy_lab_changes_nothing(lab: RealLab) -> None:
    before = [lab.leader(machine) for machine in MACHINES]
    assert "setup" not in lab.run("up", CLUSTER).stderr
    assert [lab.leader(machine) for machine in MACHINES] == before
