"""The ``restore`` of a node: the rules of ``tuchanka restore``, without tuchanka."""

import time

import pytest

from tests.real.lab import AS_POSTGRES, CLUSTER, DATA, INSTANCE, NODES, RealLab, Running, wait_for
from tuchanka.instance_paths import PGPASS

pytestmark = [pytest.mark.lab, pytest.mark.long]

PROGRAMS = "/usr/lib/postgresql/17/bin"


def others(node: str) -> str:
    (other,) = [name for name in NODES if name != node]
    return other


def test_a_nodes_restore_refuses_the_primary_and_leaves_what_streams(lab: RealLab) -> None:
    primary, standby = lab.primary, lab.standby
    for options in ((), ("--dry-run",), ("--force",), (INSTANCE,)):
        assert "holds the primary of krogan2" in lab.execute(primary, "restore", *options, status=3)
        assert "nothing to do" in lab.execute(standby, "restore", *options)
    assert "choose from: krogan2" in lab.execute(standby, "restore", "krogan9", status=2)
    assert "--dry-run" in lab.execute(standby, "restore", "--help")
    assert "needs root" in lab.execute(standby, *AS_POSTGRES, "restore", status=3)
    assert lab.is_healthy()


def test_a_node_restores_itself_after_a_power_loss(disturbed: RealLab) -> None:
    lab = disturbed
    lost = lab.primary
    other = others(lost)
    lab.run("power-off", lost)
    wait_for(lambda: lab.sql(other, "select pg_is_in_recovery()") == "f", "the failover", every=0.5)
    lab.run("power-on", lost)
    before = lab.execute(lost, f"{PROGRAMS}/pg_controldata", "-D", f"/{DATA}")
    assert f"start the cluster on {lost}" in lab.execute(lost, "restore", "--dry-run")
    assert lab.execute(lost, f"{PROGRAMS}/pg_controldata", "-D", f"/{DATA}") == before
    assert "krogan2: streams" in lab.execute(lost, "restore", seconds=120)
    restored(lab, lost, other)


def test_a_node_deals_with_an_unfinished_rewind_and_keeps_the_old_data_until_it_streams(disturbed: RealLab) -> None:
    lab = disturbed
    node, primary = lab.standby, lab.primary
    lab.run("power-off", node)
    lab.run("power-on", node)
    # As a killed pg_rewind leaves it, and a restore that had put the data aside before.
    lab.execute(node, *AS_POSTGRES, "touch", f"/{DATA}.rewinding")
    lab.execute(node, *AS_POSTGRES, "mkdir", f"/{DATA}.old")
    lab.execute(node, *AS_POSTGRES, "touch", f"/{DATA}.old/precious")
    steps = lab.execute(node, "restore", "--dry-run")
    assert "did not come to its end" in steps
    assert "stays kept" in steps
    # A base backup that comes to nothing changes nothing of it.
    lab.execute(node, "mv", PGPASS, f"{PGPASS}.away")
    assert "restore: error: " in lab.execute(node, "restore", status=3)
    lab.execute(node, "mv", f"{PGPASS}.away", PGPASS)
    assert lab.execute(node, "ls", f"/{DATA}.old") == "precious"
    command = Running(lab.argv_on(node, "restore"))
    lab.started.append(command)
    command.wait_for(lambda: command.says(f"start the cluster on {node}"), "the start of the cluster")
    # The data is the primary's by now.
    assert lab.on_disk(node, f"{DATA}.old/precious").exists()
    assert not lab.on_disk(node, f"{DATA}.rewinding").exists()
    assert command.end() == 0, command.output
    restored(lab, node, primary)


def restored(lab: RealLab, node: str, primary: str) -> None:
    """The node is a standby of the primary, and nothing is left beside its data."""
    wait_for(lab.is_healthy, "a healthy cluster", every=0.5)
    assert (lab.primary, lab.standby) == (primary, node)
    assert lab.execute(node, "sh", "-c", f"ls -d /{DATA}*") == f"/{DATA}"


def test_a_nodes_restore_refuses_data_that_may_be_the_only_copy(disturbed: RealLab) -> None:
    lab = disturbed
    node = lab.standby
    for service in ("pacemaker", "corosync-qdevice", "corosync"):
        lab.execute(node, "systemctl", "stop", service)
    # Somebody starts the copy by hand and promotes it: it goes on, on a timeline of its own.
    pg_ctl = (*AS_POSTGRES, f"{PROGRAMS}/pg_ctl", "-D", "/etc/postgresql/17/krogan2", "-w", "-l", "/dev/null")
    lab.execute(node, *pg_ctl, "start")
    lab.execute(node, *AS_POSTGRES, f"{PROGRAMS}/pg_ctl", "-D", f"/{DATA}", "-w", "promote")
    for said in (
        lab.execute(node, "restore", "--force", status=3),
        lab.run("restore", node, "--force", status=3).stderr,
    ):
        assert "holds a primary of krogan2 outside the cluster" in said
    lab.execute(node, *AS_POSTGRES, f"{PROGRAMS}/pg_ctl", "-D", f"/{DATA}", "-w", "-m", "fast", "stop")
    for options in ((), ("--dry-run",)):
        said = lab.execute(node, "restore", *options, status=3)
        assert "only copy" in said
        assert "timeline" in said
        assert lab.run("restore", node, *options, status=3).stderr == f"tuchanka: {said.removeprefix('restore: ')}\n"
    assert "copy the data" in lab.execute(node, "restore", "--force", seconds=120)
    wait_for(lab.is_healthy, "a healthy cluster", every=0.5)


def test_a_nodes_restore_needs_a_primary(disturbed: RealLab) -> None:
    lab = disturbed
    node = lab.standby
    began = time.monotonic()
    lab.run("cluster", "stop", CLUSTER)
    said = lab.execute(node, "restore", status=3)
    assert "no primary to copy from" in said
    assert time.monotonic() - began < 60
    lab.run("cluster", "start", CLUSTER)
