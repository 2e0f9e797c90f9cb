"""The rules that answer for floating addresses which are elsewhere, in a network of their own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.test_files import files_of
from tuchanka.helpers.files import RULES, SETTINGS, text

VIPS = ["192.168.89.105", "192.168.89.106", "192.168.89.107"]

# Two network namespaces and a wire between: "near" asks, "far" is the node. What nobody answers takes 2 s to fail.
TRY = """
set -e
ip link set lo up
ip link add near type veth peer name far
unshare --net sleep 30 & far=$!
trap "kill $far" EXIT
until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
ip link set far netns $far
ip address add {subnet}.250/24 dev near
ip link set near up
on_far() {{ nsenter --target $far --net "$@"; }}
on_far ip link set lo up
on_far ip address add {subnet}.251/24 dev far
on_far ip link set far up
on_far {load}
on_far {load}
mac=$(on_far ip -o link show far | sed 's/.*ether \\([^ ]*\\).*/\\1/')
ip neigh replace {vip} lladdr $mac dev near
ip neigh replace {other} lladdr $mac dev near
{prepare}
timeout 2 bash -c 'exec 3<>/dev/tcp/{asked}/5432' 2>&1 && echo open || echo "$?"
"""


def started(unit: str) -> str:
    """The command that the unit runs, with its setting filled in as systemd does."""
    (command,) = (line.removeprefix("ExecStart=") for line in unit.splitlines() if line.startswith("ExecStart="))
    return command.replace("${FLOATING_ADDRESSES}", ",".join(VIPS))


def ask(folder: Path, prepare: str, asked: str) -> str:
    rules = folder / "vips.nft"
    rules.write_text(text("vips.nft"))
    load = started(text("vips-elsewhere.service")).replace(RULES, str(rules))
    subnet = VIPS[0].rpartition(".")[0]
    script = TRY.format(subnet=subnet, load=load, vip=VIPS[0], other=f"{subnet}.252", prepare=prepare, asked=asked)
    command = ["unshare", "--net", "--mount", "bash", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


needs_namespaces = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root, and nft, to lay a wire"
)


@needs_namespaces
def test_a_vip_that_is_elsewhere_is_refused_at_once(tmp_path: Path):
    assert "refused" in ask(tmp_path, "", VIPS[0])


@needs_namespaces
def test_another_address_that_is_elsewhere_is_not_ours_to_refuse(tmp_path: Path):
    assert ask(tmp_path, "", VIPS[0].rpartition(".")[0] + ".252").strip() == "124"


@needs_namespaces
def test_a_vip_that_is_here_is_served(tmp_path: Path):
    here = f"""
on_far ip address add {VIPS[0]}/24 dev far
on_far python3 -c 'import socket, time
server = socket.create_server(("{VIPS[0]}", 5432))
time.sleep(15)' &
trap "kill $far $!" EXIT
for _ in $(seq 50); do on_far ss -Hltn | grep -q :5432 && break; sleep 0.1; done"""
    assert ask(tmp_path, here, VIPS[0]).strip() == "open"


def test_every_vip_of_the_cluster_is_named_and_pacemaker_brings_the_rules():
    files = files_of(floating_addresses=VIPS)
    assert f"FLOATING_ADDRESSES={','.join(VIPS)}\n" in files[SETTINGS].content
    assert "Wants=vips-elsewhere.service" in files["/etc/systemd/system/pacemaker.service.d/vips.conf"].content
    unit = files["/etc/systemd/system/vips-elsewhere.service"].content
    assert RULES in unit
    assert f"EnvironmentFile={SETTINGS}" in unit
