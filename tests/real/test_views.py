"""What people look at: pictures, live views, and the commands on the nodes themselves."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.lab import CLUSTER, INSTANCE, NODES, VIPS, RealLab, wait_for

pytestmark = [pytest.mark.lab, pytest.mark.long]

PROGRAMS = "/usr/lib/postgresql/17/bin"


class OnTerminal:
    """A command of the program on a terminal of its own, and what it has written there."""

    def __init__(self, lab: RealLab, *words: str) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            lab.argv(*words), stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
        )
        os.close(theirs)
        self.written = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the terminal's other end is closed
            while data := os.read(self.ours, 65536):
                self.written += data

    @property
    def text(self) -> str:
        """Without the sequences that move and colour."""
        return re.sub(
            r"\x1b(\[[0-9;?<>=]*[A-Za-z]|\][^\x07]*\x07|[=>P][^\x1b]*)", "", self.written.decode(errors="replace")
        )

    def shows(self, *words: str, seconds: float = 90) -> None:
        wait_for(lambda: all(word in self.text for word in words), f"{words} on the terminal", seconds=seconds)

    def press(self, keys: str) -> None:
        assert select.select([], [self.ours], [], 5)[1]
        os.write(self.ours, keys.encode())

    def end(self, *, seconds: float = 60) -> int:
        return self.process.wait(timeout=seconds)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=10)
        os.close(self.ours)


@contextlib.contextmanager
def on_terminal(lab: RealLab, *words: str) -> Iterator[OnTerminal]:
    running = OnTerminal(lab, *words)
    try:
        yield running
    finally:
        running.stop()


def others(node: str) -> str:
    return next(name for name in NODES if name != node)


# --- pictures


def test_the_live_picture_is_the_state(lab: RealLab, tmp_path: Path) -> None:
    primary, standby = lab.primary, lab.standby
    (picture,) = json.loads(lab.run("diagram", CLUSTER, "--live", "--json").stdout)
    assert picture["verdict"] == "healthy"
    assert "3 of 3 votes, quorum" in picture["caption"]
    machines = {one["name"]: one["copies"][0] for site in picture["sites"] for one in site["machines"]}
    assert {name: copy["role"] for name, copy in machines.items()} == {primary: "primary", standby: "standby"}
    assert {copy["role"]: [vip["name"] for vip in copy["vips"]] for copy in machines.values()} == {
        "primary": ["krogan2"],
        "standby": ["krogan2s1"],
    }
    (link,) = picture["links"]
    assert (link["source"], link["target"], link["kind"]) == (primary, standby, "async")
    lab.run("diagram", CLUSTER, "--live", "--out", str(tmp_path))
    drawn = (tmp_path / f"{CLUSTER}.svg").read_text()
    for word in (*NODES, *VIPS, *VIPS.values(), "healthy", "as seen"):
        assert word in drawn


# --- the topology


def test_a_changed_topology_is_refused_with_what_differs(lab: RealLab, tmp_path: Path) -> None:
    file = tmp_path / "changed.toml"
    file.write_text(lab.run("topology").stdout.replace('profile = "fast"', 'profile = "steady"'))
    what = 'profile: was "fast", is now "steady"'
    assert what in lab.run("status", "--topology", str(file), status=3).stderr
    assert lab.run("topology", "--diff", "--topology", str(file), status=1).stdout == f"{what}\n"
    assert "nothing differs" in lab.run("topology", "--diff").stdout


# --- live views


def test_heartbeat_on_a_terminal_shows_writers_readers_and_roles(lab: RealLab) -> None:
    with on_terminal(lab, "heartbeat", INSTANCE, "--duration", "4") as view:
        view.shows(
            f"write {INSTANCE}", "read krogan2s1", f"{lab.primary} primary", f"{lab.standby} standby", "median"
        )
        assert view.end() == 0
        view.shows("acknowledged", "oldest read")
    plain = lab.run("heartbeat", INSTANCE, "--duration", "2").stdout
    assert "median" not in plain
    lines = rf"({INSTANCE}: (nothing yet|\d+ acknowledged, \d+ read), oldest read [0-9.]+ s\n)+"
    assert re.fullmatch(lines, plain)
    kinds = {
        json.loads(line)["kind"]
        for line in lab.run("heartbeat", "--json", INSTANCE, "--duration", "1").stdout.splitlines()
    }
    always = {"clock", "write", "read", "role-probe", "streaming", "vip-holders"}
    assert kinds - {"recorder-late", "vip-announced"} == always


def test_mon_on_a_terminal_and_as_lines(disturbed: RealLab) -> None:
    lab = disturbed
    node = lab.standby
    lines = lab.start("mon", CLUSTER)
    as_data = lab.start("mon", CLUSTER, "--json")
    with on_terminal(lab, "mon", CLUSTER) as view:
        view.shows(CLUSTER, "healthy", "3 of 3 votes", "score", "armed", "krogan2s1")
        lines.wait_for(lambda: lines.says(f"{CLUSTER}:", "healthy"), "its first line")
        as_data.wait_for(lambda: as_data.lines, "its first line")
        lab.execute(node, "crm_standby", "-v", "on")
        view.shows(f"{node} is in standby", f"the VIP krogan2s1: {node} → {lab.primary}")
        lines.wait_for(lambda: lines.says(f"{node} is in standby"), "the change")
        lab.execute(node, "crm_standby", "-D")
        view.shows(f"{node} is out of standby", f"krogan2 on {node}: stopped → standby", seconds=60)
        view.press("q")
        assert view.end() == 0
    changes = [json.loads(line) for line in as_data.lines]
    assert {"time", "cluster", "tone", "text"} == set(changes[0])
    assert f"{node} is in standby" in [change["text"] for change in changes]
    wait_for(lab.is_healthy, "a healthy cluster")


# --- on the nodes


@pytest.mark.parametrize("node", NODES)
def test_a_node_has_its_own_mon(lab: RealLab, node: str) -> None:
    seen = lab.execute(node, "mon")
    for word in (*NODES, "krogan2-vip", "krogan2s1-vip", "Promoted", "master-krogan2", "partition with quorum"):
        assert word in seen
    assert "<pacemaker-result" in lab.execute(node, "mon", "--output-as=xml")
