"""Who holds the VIPs, on a real bridge: machines are network namespaces with an address or two."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tuchanka.events import Event, VipAnnounced, VipHolders, read_history
from tuchanka.heartbeat.config import Config, InstanceConfig, Probe, Reader, to_json

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are root's")
LAB = f"vips-{os.getpid()}"
NODES = {"tuchanka2a": "192.0.2.11", "tuchanka2b": "192.0.2.12"}
VIP, READING = "192.0.2.103", "192.0.2.104"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, timeout=10, capture_output=True)


@pytest.fixture(scope="module")
def bridge() -> Iterator[str]:
    """A namespace with a bridge, and a namespace for each node."""
    made = [LAB]
    ip("netns", "add", LAB)
    try:
        ip("-n", LAB, "link", "add", "br0", "type", "bridge", "forward_delay", "0")
        ip("-n", LAB, "addr", "add", "192.0.2.254/24", "dev", "br0")
        ip("-n", LAB, "link", "set", "br0", "up")
        for number, (name, address) in enumerate(NODES.items()):
            node, port = f"{LAB}-{name}", f"port{number}"
            ip("netns", "add", node)
            made.append(node)
            ip("-n", LAB, "link", "add", port, "type", "veth", "peer", "name", "host0", "netns", node)
            ip("-n", LAB, "link", "set", port, "master", "br0", "up")
            ip("-n", node, "addr", "add", f"{address}/24", "dev", "host0")
            ip("-n", node, "link", "set", "host0", "up")
        yield LAB
    finally:
        for name in made:
            ip("netns", "del", name)


def record(namespace: str, *, enter: bool = True) -> list[Event]:
    """Run the recorder for two seconds; in the middle, the VIP comes to the second node as well."""
    instance = InstanceConfig(
        name="krogan2",
        port=1,
        database="heartbeat",
        user="heartbeat",
        password="none",
        primary=VIP,
        readers=(Reader("krogan2s1", READING),),
        probes=tuple(Probe(name, address) for name, address in NODES.items()),
        vip="krogan2",
    )
    command = [sys.executable, "-W", "error", "-m", "tuchanka.heartbeat"]
    inside = ["ip", "netns", "exec", namespace, *command] if enter else ["unshare", "--net", *command]
    config = Config(run="vips", instances=(instance,), duration_s=3.0)
    with subprocess.Popen(
        inside, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        process.stdin.write(to_json(config) + "\n")
        process.stdin.flush()
        if enter:
            time.sleep(1.5)
            second = f"{LAB}-tuchanka2b"
            ip("-n", second, "addr", "add", f"{VIP}/24", "dev", "host0")
            # With this setting the kernel announces its addresses when its card changes, as IPaddr2 does for a VIP.
            ip("netns", "exec", second, "sysctl", "-qw", "net.ipv4.conf.all.arp_notify=1")
            ip("-n", second, "link", "set", "host0", "address", "02:00:00:00:00:0b")
        assert process.stdout is not None
        assert process.stderr is not None
        out, complaint = process.stdout.read(), process.stderr.read()
    assert (process.returncode, complaint) == (0, "")
    assert all(json.loads(line) for line in out.splitlines())
    return list(read_history(out.splitlines(keepends=True)))


def test_every_holder_answers_and_an_announcement_is_noted(bridge: str) -> None:
    ip("-n", f"{LAB}-tuchanka2a", "addr", "add", f"{VIP}/24", "dev", "host0")
    events = record(bridge)
    holders = sorted((event for event in events if isinstance(event, VipHolders)), key=lambda one: one.due)
    primary = [event.nodes for event in holders if event.vip == "krogan2"]
    assert 4 <= len(primary) <= 7
    assert primary[1] == ["tuchanka2a"]
    assert primary[-1] == ["tuchanka2a", "tuchanka2b"]
    assert {tuple(event.nodes) for event in holders if event.vip == "krogan2s1"} == {()}
    assert all(0 <= event.t - event.due < 0.5 for event in holders)
    announced = [event for event in events if isinstance(event, VipAnnounced)]
    assert {(event.vip, event.node) for event in announced} == {("krogan2", "tuchanka2b")}


def test_where_nobody_can_be_asked_nothing_is_said() -> None:
    events = record("", enter=False)
    assert not [event for event in events if isinstance(event, VipHolders | VipAnnounced)]
