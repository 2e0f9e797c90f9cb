"""What a restore does, and what it refuses."""

from collections.abc import Iterator

import pytest

from tests.real.lab import AS_POSTGRES, CLUSTER, DATA, RealLab

pytestmark = pytest.mark.lab

PG_CTL = "/usr/lib/postgresql/17/bin/pg_ctl"
CONTROLDATA = "/usr/lib/postgresql/17/bin/pg_controldata"


def control_data(lab: RealLab, node: str) -> str:
    return lab.execute(node, CONTROLDATA, "-D", f"/{DATA}")


def pacemaker(lab: RealLab, node: str) -> str:
    return lab.execute(node, "systemctl", "is-active", "pacemaker", status=None)


def one_line(text: str) -> str:
    (line,) = text.splitlines()
    return line


@pytest.fixture(scope="module")
def stopped(lab: RealLab) -> Iterator[str]:
    """The standby, with the cluster on it stopped by hand."""
    node = lab.standby
    for service in ("pacemaker", "corosync-qdevice", "corosync"):
        lab.execute(node, "systemctl", "stop", service)
    yield node
    lab.repair()


def test_restore_refuses_the_primary(lab: RealLab) -> None:
    primary = lab.primary
    before = lab.execute(primary, "systemctl", "show", "--property=ActiveEnterTimestamp", "pacemaker")
    for options in ((), ("--dry-run",), ("--force",)):
        said = one_line(lab.run("restore", primary, *options, status=3).stderr)
        assert "primary" in said
        assert primary in said
    assert lab.execute(primary, "systemctl", "show", "--property=ActiveEnterTimestamp", "pacemaker") == before
    assert lab.is_healthy()


def test_a_healthy_standby_has_nothing_to_restore(lab: RealLab) -> None:
    node = lab.standby
    before = lab.sql(node, "select pg_postmaster_start_time()")
    for options in ((), ("--dry-run",), ("--force",)):
        assert "nothing to do" in one_line(lab.run("restore", node, *options).stdout)
    assert lab.sql(node, "select pg_postmaster_start_time()") == before


def test_a_dry_run_prints_the_steps_and_changes_nothing(lab: RealLab, stopped: str) -> None:
    before = control_data(lab, stopped)
    steps = lab.run("restore", stopped, "--dry-run").stdout.splitlines()
    assert [line.split(".")[0] for line in steps] == [str(number) for number in range(1, len(steps) + 1)]
    assert any("keep the data as it is" in line for line in steps)
    assert f"start the cluster on {stopped}" in steps[-1]
    assert control_data(lab, stopped) == before
    assert pacemaker(lab, stopped) == "inactive"


def test_data_that_the_primary_does_not_explain_is_only_replaced_by_force(lab: RealLab, stopped: str) -> None:
    postgres = (*AS_POSTGRES, PG_CTL, "-w", "-s")
    options = ("-D", f"/{DATA.replace('var/lib', 'etc')}", "-o", "-c logging_collector=off", "-l", "/dev/null")
    lab.execute(stopped, *postgres, "start", *options)
    lab.execute(stopped, *postgres, "promote", "-D", f"/{DATA}")
    lab.sql(stopped, "create table only_here ()")
    lab.execute(stopped, *postgres, "stop", "-D", f"/{DATA}")

    before = control_data(lab, stopped)
    for more in ((), ("--dry-run",)):
        said = one_line(lab.run("restore", stopped, *more, status=3).stderr)
        assert "only copy" in said
        assert "--force" in said
    assert control_data(lab, stopped) == before
    assert pacemaker(lab, stopped) == "inactive"
    # Nor does `up` throw it away.
    assert "only copy" in lab.run("up", CLUSTER, status=3).stderr
    assert lab.sql(lab.primary, "select count(*) from pg_class where relname = 'only_here'") == "0"

    lab.run("restore", stopped, "--force")
    assert lab.state()["problems"] == []
    assert lab.standby == stopped
    assert lab.sql(stopped, "select count(*) from pg_class where relname = 'only_here'") == "0"
