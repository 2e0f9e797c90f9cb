"""The command line, killed with SIGKILL at any point: the next ``up`` completes, and ``destroy`` leaves nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.real.lab import CLUSTER, DATA, MACHINES, NODES, RealLab, Running, new_lab
from tests.real.leftovers import leftovers

pytestmark = [pytest.mark.lab, pytest.mark.apart]

Moment = Callable[[RealLab, Running], object]
COPYING = f"{DATA}.copying"
QDEVICE = "etc/corosync/qdevice/net/nssdb/qdevice-net-node.crq"
CIB = "var/lib/pacemaker/cib/cib.xml"
PACEMAKER = "var/log/pacemaker/pacemaker.log"


def on(path: str, *nodes: str) -> Moment:
    """Return the moment when one of the nodes has written the file since the command began."""
    return lambda lab, running: any(running.wrote(lab.on_disk(node, path)) for node in nodes or NODES)


def after(*words: str) -> Moment:
    """Return the moment when the command says that a step is done."""
    return lambda _, running: running.says("✓", *words)


def kill_at(lab: RealLab, moment: Moment, *command: str) -> None:
    """Start a command, wait for the moment and kill it."""
    running = lab.start(*command)
    running.wait_for(lambda: moment(lab, running), "the moment to be killed")
    running.kill()


# In the order in which one `up` comes by them, so that each goes on from where the one before was killed.
DURING_UP: dict[str, Moment] = {
    "the network is made": lambda lab, _: lab.paths.namespace_file.exists(),
    "a supervisor starts": lambda lab, _: lab.paths.machine("witness").control.exists(),
    "one machine is created": after("create"),
    "files are installed": on("etc/corosync/corosync.conf"),
    "one machine is installed": after("install"),
    "certificates are made": on(QDEVICE),
    "the standby is copied": on(COPYING),
    "the configuration is written": on(CIB),
    "the setup is done": after("setup"),
    "pacemaker starts": on(PACEMAKER),
    "the primary is promoted": on(f"{DATA}/pg_wal/00000002.history"),
}


@pytest.fixture(scope="module")
def victim() -> Iterator[RealLab]:
    """A lab of its own: what happens to it must not spoil what others test."""
    with new_lab() as lab:
        yield lab


@pytest.fixture
def healthy(victim: RealLab) -> RealLab:
    victim.repair()
    return victim


@pytest.mark.parametrize("moment", DURING_UP.values(), ids=DURING_UP)
def test_up_can_be_killed_when(victim: RealLab, moment: Moment) -> None:
    kill_at(victim, moment, "up", CLUSTER)


def test_the_next_up_completes(victim: RealLab) -> None:
    victim.up()
    assert victim.state()["problems"] == []


def beats(folder: Path) -> Moment:
    """Return the moment when the history has acknowledged writes."""
    file = folder / "history.jsonl"
    return lambda *_: file.exists() and '"acknowledged"' in file.read_text()


def power_cut(victim: RealLab) -> Moment:
    """Return the moment when a supervisor has cut the power once more."""

    def cuts() -> int:
        return sum(victim.supervisor_said(node).count("power cut") for node in NODES)

    before = cuts()
    return lambda *_: cuts() > before


def test_up_completes_after_a_test_was_killed_at_a_steady_heartbeat(healthy: RealLab, tmp_path: Path) -> None:
    kill_at(healthy, beats(tmp_path), "test", CLUSTER, "--fault", "power-off", "--out", str(tmp_path))
    healthy.up()
    assert healthy.state()["problems"] == []


def test_up_completes_after_a_test_was_killed_right_after_the_power_cut(healthy: RealLab, tmp_path: Path) -> None:
    primary = healthy.primary
    kill_at(healthy, power_cut(healthy), "test", CLUSTER, "--fault", "power-off", "--out", str(tmp_path))
    healthy.up()
    assert healthy.state()["problems"] == []
    assert healthy.primary != primary


def test_up_completes_after_a_test_was_killed_in_its_restore(healthy: RealLab, tmp_path: Path) -> None:
    # Whichever way the restore has chosen, it comes by here.
    kill_at(
        healthy,
        lambda _, running: running.says("forget the promotion score"),
        "test",
        CLUSTER,
        "--fault",
        "power-off",
        "--out",
        str(tmp_path),
    )
    healthy.up()
    assert healthy.state()["problems"] == []


def test_up_completes_after_a_restore_was_killed_twice(healthy: RealLab) -> None:
    node = healthy.standby
    # As an unfinished pg_rewind leaves it: only a base backup will do.
    healthy.execute(node, "touch", f"/{DATA}.rewinding")
    healthy.run("power-off", node)
    kill_at(healthy, on(COPYING, node), "restore", node)
    # A restore that was killed is done again from its beginning.
    kill_at(healthy, lambda _, running: running.says("clean up its failures"), "restore", node)
    healthy.up()
    assert healthy.state()["problems"] == []
    assert healthy.standby == node


def test_destroy_leaves_nothing_after_a_test_was_killed_in_its_outage(healthy: RealLab, tmp_path: Path) -> None:
    assert leftovers(healthy.folder)  # it does see a lab
    kill_at(healthy, power_cut(healthy), "test", CLUSTER, "--fault", "power-off", "--out", str(tmp_path))
    healthy.run("destroy", "--yes")
    assert leftovers(healthy.folder) == []


BEFORE_DESTROY: dict[str, Moment] = {
    "machines boot": lambda lab, _: all(lab.leaders(machine) for machine in MACHINES),
    "the standby is copied": DURING_UP["the standby is copied"],
}


@pytest.mark.parametrize("moment", BEFORE_DESTROY.values(), ids=BEFORE_DESTROY)
def test_destroy_leaves_nothing_after_up_was_killed_when(moment: Moment) -> None:
    with new_lab() as lab:
        kill_at(lab, moment, "up", CLUSTER)
        lab.run("destroy", "--yes")
        assert leftovers(lab.folder) == []
