"""Nothing gets out of a lab, and nothing of it shows on the host."""

import sys

import pytest

from tests.real.conftest import Watched
from tests.real.host import HostNetwork, ip, own_addresses, way_to
from tests.real.lab import ADDRESSES, MACHINES, NODES, VIPS, RealLab

pytestmark = pytest.mark.lab

SUBNET = "192.168.89.0/24"
NOWHERE = ("10.255.255.1", "203.0.113.1")  # an address nobody here has, and one for documentation


def routes(text: object) -> set[tuple[str, str]]:
    assert isinstance(text, list)
    return {(one["dst"], one["dev"]) for one in text}


def test_the_labs_network_has_one_subnet_and_no_way_out(lab: RealLab) -> None:
    name = lab.paths.namespace
    assert routes(ip("-n", name, "-4", "route")) == {(SUBNET, "br0")}
    assert {destination for destination, _ in routes(ip("-n", name, "-6", "route"))} <= {"fe80::/64"}
    links = {link["ifname"]: link for link in ip("-n", name, "link")}
    assert set(links) == {"lo", "br0", *(f"vb-{machine}" for machine in MACHINES)}
    assert lab.inside("cat", "/proc/sys/net/ipv4/ip_forward").stdout.strip() == "0"


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_has_one_subnet_and_no_way_out(lab: RealLab, machine: str) -> None:
    out = lab.execute(machine, "ip", "-4", "route")
    assert [line.split()[:3] for line in out.splitlines()] == [[SUBNET, "dev", "host0"]]
    assert "default" not in lab.execute(machine, "ip", "-6", "route")


@pytest.mark.parametrize("address", [*own_addresses(), *NOWHERE])
def test_neither_the_host_nor_the_world_can_be_reached_from_a_machine(lab: RealLab, address: str) -> None:
    ping = lab.execute("tuchanka2a", "timeout", "5", "ping", "-c", "1", "-W", "1", address, status=None)
    assert "unreachable" in ping.lower()
    assert "bytes from" not in ping
    connect = f"exec 3<>/dev/tcp/{address}/22"
    assert "unreachable" in lab.execute("tuchanka2a", "timeout", "5", "bash", "-c", connect, status=1).lower()


@pytest.mark.parametrize("address", [*own_addresses(), *NOWHERE])
def test_neither_can_be_reached_from_the_labs_network(lab: RealLab, address: str) -> None:
    connect = f"import socket; socket.create_connection(({address!r}, 22), timeout=3)"
    assert "unreachable" in lab.inside(sys.executable, "-c", connect).stderr.lower()


def test_the_host_has_no_interface_and_no_route_of_the_lab(lab: RealLab, watched: Watched) -> None:
    now = HostNetwork.now()
    assert now.interfaces - watched.network.interfaces == set()
    assert now.routes - watched.network.routes == set()
    for address in (*ADDRESSES.values(), *VIPS.values()):
        for way in way_to(address):
            assert way["dev"] in watched.network.interfaces


@pytest.mark.parametrize("machine", MACHINES)
def test_the_watchdog_of_a_machine_is_no_device_of_the_host(lab: RealLab, machine: str) -> None:
    assert lab.execute(machine, "stat", "-c", "%F", "/dev/watchdog") == "fifo"
    assert lab.execute(machine, "sh", "-c", "ls -d /dev/watchdog?*", status=2)
    kinds = lab.execute(machine, "find", "/dev", "-type", "b")
    assert kinds == ""


@pytest.mark.parametrize("machine", NODES)
def test_a_machine_can_not_press_the_hosts_magic_keys(lab: RealLab, machine: str) -> None:
    lab.execute(machine, "test", "-w", "/proc/sysrq-trigger", status=1)
    lab.execute(machine, "test", "-w", "/proc/sys/kernel/sysrq", status=1)
    lab.execute(machine, "test", "-w", "/sys/power/state", status=1)
