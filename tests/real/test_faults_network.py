"""Who hears whom under each fault of the network. The cluster is stopped meanwhile, so that nobody is fenced."""

import contextlib
import json
import select
import subprocess
import sys
from collections.abc import Collection, Iterator

import pytest

from tests.real.lab import ADDRESSES, CLUSTER, MACHINES, RealLab, wait_for
from tuchanka.providers.base import CLIENT, ENVIRONMENT, Latency
from tuchanka.providers.registry import kind

pytestmark = pytest.mark.lab

A, B, WITNESS = MACHINES
SECONDS = 1.0
START_S = 30.0
# Everybody calls its name into the room, by broadcast, which needs no answer, and counts whom it hears.
PROBE = """
import collections, json, select, socket, sys, time
name, seconds = sys.argv[1], float(sys.argv[2])
room = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
room.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
room.bind(("", 9999))
print("ready", flush=True)
sys.stdin.readline()
heard, calls, begin = collections.Counter(), 0, time.monotonic()
while (now := time.monotonic()) < begin + seconds:
    if now >= begin + calls * 0.01:
        calls += 1
        try:
            room.sendto(name.encode(), ("192.168.89.255", 9999))
        except OSError:
            pass
    if select.select([room], [], [], 0.005)[0]:
        heard[room.recv(100).decode()] += 1
print(json.dumps({"calls": calls, "heard": heard}))
"""
CONNECT = """
import socket, sys
one = socket.socket()
one.settimeout(1)
try:
    one.connect((sys.argv[1], int(sys.argv[2])))
    print("open")
except ConnectionRefusedError:
    print("refused")
except OSError:
    print("nothing")
"""
EVERYBODY = {(a, b) for a in (*MACHINES, CLIENT) for b in (*MACHINES, CLIENT) if a != b}


Probe = subprocess.Popen[str]


def all_at_once(probes: Collection[Probe]) -> list[str]:
    """Let the probes begin when the last one is there, and return what each printed."""
    for probe in probes:
        assert probe.stdin
        assert probe.stdout
        assert select.select([probe.stdout], [], [], START_S)[0], "a probe did not start"
        assert probe.stdout.readline() == "ready\n"
    for probe in probes:
        print("go", file=probe.stdin, flush=True)
    return [probe.communicate(timeout=START_S)[0] for probe in probes]


class Room:
    """The lab's network, as those who are in it find it."""

    def __init__(self, lab: RealLab) -> None:
        self.lab = lab

    def counts(self) -> dict[str, dict[str, float]]:
        """Listener → speaker → how much of what was said was heard, in per cent."""
        probes = {name: self._probe(name) for name in (*MACHINES, CLIENT)}
        with contextlib.ExitStack() as stack:
            for probe in probes.values():
                stack.enter_context(probe)
                stack.callback(probe.kill)
            told = {name: json.loads(said) for name, said in zip(probes, all_at_once(probes.values()), strict=True)}
        return {
            name: {
                other: 100 * count / told[other]["calls"] for other, count in one["heard"].items() if other != name
            }
            for name, one in told.items()
        }

    def _probe(self, name: str) -> Probe:
        words = ("-c", PROBE, name, str(SECONDS))
        argv = (
            self.lab.argv_inside(sys.executable, *words)
            if name == CLIENT
            else self.lab.argv_on(name, "python3", *words)
        )
        return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)

    def heard(self) -> set[tuple[str, str]]:
        """(speaker, listener) of all that is heard."""
        return {(speaker, listener) for listener, one in self.counts().items() for speaker in one}

    def tcp(self, source: str, destination: str, port: int) -> str:
        return self.lab.execute(source, "python3", "-c", CONNECT, ADDRESSES[destination], str(port))

    def link(self, name: str) -> str:
        """Return the state of the bridge's port."""
        shown = self.lab.inside("ip", "-json", "link", "show", f"vb-{name}").stdout
        return "up" if "UP" in json.loads(shown)[0]["flags"] else "down"

    def inject(self, fault: str, target: str) -> None:
        self.lab.run("fault", "inject", fault, target)

    def heal(self, *target: str) -> None:
        self.lab.run("fault", "heal", *target)


@pytest.fixture(scope="module")
def room(lab: RealLab) -> Iterator[Room]:
    """The shared lab with its cluster stopped; repaired at the end."""
    lab.run("cluster", "stop", CLUSTER)
    yield Room(lab)
    lab.run("fault", "heal")
    lab.repair()


@pytest.fixture(autouse=True)
def healed(room: Room) -> Iterator[None]:
    yield
    room.heal()
    assert room.heard() == EVERYBODY


def between(these: set[str], those: set[str]) -> set[tuple[str, str]]:
    return {(a, b) for a, b in EVERYBODY if (a in these and b in those) or (a in those and b in these)}


@pytest.mark.parametrize(
    ("fault", "target", "lost"),
    [
        ("unlink", A, between({A}, {B, WITNESS, CLIENT})),
        ("isolate-site", "dc1", between({A}, {B, WITNESS, CLIENT})),
        ("isolate-site", "dc3", between({WITNESS}, {A, B, CLIENT})),
        ("split-sites", CLUSTER, between({A}, {B})),
        ("one-way-deaf", A, {(other, A) for other in (B, WITNESS, CLIENT)}),
        ("one-way-mute", A, {(A, other) for other in (B, WITNESS, CLIENT)}),
        ("cut-witness", CLUSTER, between({WITNESS}, {A, B})),
    ],
)
def test_who_is_not_heard(room: Room, fault: str, target: str, lost: set[tuple[str, str]]):
    room.inject(fault, target)
    assert EVERYBODY - room.heard() == lost
    room.heal(target)
    assert room.heard() == EVERYBODY


def test_only_replication_is_cut(room: Room):
    assert room.tcp(A, B, 5432) == "refused"  # nobody is there, and says so
    room.inject("cut-replication", A)
    assert (room.tcp(A, B, 5432), room.tcp(B, A, 5432), room.tcp(A, B, 22)) == ("nothing", "nothing", "open")
    assert room.tcp(WITNESS, A, 5432) == "refused"
    assert room.heard() == EVERYBODY


def test_some_packets_are_lost(room: Room):
    room.inject("heavy-packet-loss", A)
    counts = room.counts()
    # Those who come last have not heard the first calls; and the draw is one of a hundred.
    assert 40 < counts[B][A] < 88
    assert 40 < counts[A][WITNESS] < 88
    assert counts[B][WITNESS] > counts[B][A]


def test_a_cut_holds_over_a_reset(room: Room):
    room.inject("one-way-mute", A)
    room.inject("reset", A)
    wait_for(lambda: room.lab.is_booted(A), "the end of the boot", every=0.2)
    assert EVERYBODY - room.heard() == {(A, other) for other in (B, WITNESS, CLIENT)}


def test_faults_of_two_targets_are_healed_apart(room: Room):
    room.inject("one-way-mute", A)
    room.inject("one-way-mute", B)
    room.heal(A)
    assert EVERYBODY - room.heard() == {(B, other) for other in (A, WITNESS, CLIENT)}


def test_a_link_that_flaps(room: Room):
    flapping = room.lab.start("fault", "inject", "flapping-link", A)
    for state in ("down", "up", "down"):
        wait_for(lambda state=state: room.link(A) == state, f"the link {state}", seconds=15)  # type: ignore[misc]
    assert flapping.end() == 0
    assert room.link(A) == "up"


def test_a_link_whose_flapping_was_killed_is_put_up(room: Room):
    flapping = room.lab.start("fault", "inject", "flapping-link", A)
    wait_for(lambda: room.link(A) == "down", "the link down", seconds=15)
    flapping.kill()
    assert room.link(A) == "down"
    room.heal()
    assert room.link(A) == "up"


@pytest.mark.skipif(Latency.__name__ not in kind("nspawn").missing(), reason="this kernel has netem")
def test_what_the_kernel_cannot_do_is_refused(room: Room):
    refused = room.lab.run("fault", "inject", "latency", A, status=3).stderr
    assert "latency: not on this host: the kernel has no netem" in refused


@pytest.mark.skipif(Latency.__name__ in kind("nspawn").missing(), reason="this kernel has no netem")
def test_what_is_heard_late(room: Room):
    room.inject("latency", A)
    shown = room.lab.inside("tc", "qdisc", "show", "dev", f"vb-{A}").stdout
    assert "netem" in shown
    room.heal()
    assert "netem" not in room.lab.inside("tc", "qdisc", "show", "dev", f"vb-{A}").stdout


def test_a_wrong_target_is_refused(room: Room):
    refused = room.lab.run("fault", "inject", "split-sites", A, status=2).stderr
    assert f"split-sites: acts on a cluster, and {A} is a node" in refused
