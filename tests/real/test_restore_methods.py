"""What a restore chooses for data of every kind, and that it works; also where nothing of a cluster is left."""

import pytest

from tests.real.lab import CLUSTER, DATA, RealLab, wait_for

pytestmark = [pytest.mark.lab, pytest.mark.long]

CUT = (
    "nft add table inet cut && nft 'add chain inet cut o { type filter hook output priority 0; }' && "
    "nft add rule inet cut o tcp sport 5432 drop"
)
ROWS = "select count(*) from rows"
INSERT = "insert into rows select generate_series(1, {})"


def rows(lab: RealLab, node: str) -> str:
    return lab.sql(node, ROWS)


def promoted(lab: RealLab, node: str) -> None:
    """Wait until the node has taken over."""
    wait_for(lambda: lab.sql(node, "select pg_is_in_recovery()") == "f", "a promotion", every=0.5)
    wait_for(lambda: lab.primary == node, "Pacemaker's word for it", every=0.5)


def fail_over(lab: RealLab, *, lose: int = 0) -> tuple[str, str]:
    """Cut the primary's power, with rows that no standby received; return the lost node and the new primary."""
    primary, standby = lab.primary, lab.standby
    lab.sql(primary, "create table if not exists rows (i int)")
    lab.sql(primary, INSERT.format(10))
    wait_for(lambda: rows(lab, standby) == rows(lab, primary), "the standby's rows")
    if lose:
        # In one go: PAF doesn't promote a standby that it has seen disconnected.
        lab.execute(primary, "sh", "-c", CUT)
        lab.sql(primary, INSERT.format(lose))
    lab.run("power-off", primary)
    promoted(lab, standby)
    lab.sql(standby, INSERT.format(1))
    return primary, standby


def restored(lab: RealLab, node: str, primary: str) -> None:
    """The node is a standby with the primary's data; nothing of the restore is left behind."""
    assert lab.state()["problems"] == []
    assert (lab.primary, lab.standby) == (primary, node)
    wait_for(lambda: rows(lab, node) == rows(lab, primary), "the same rows")
    assert lab.execute(node, "ls", f"/{DATA}/..").split() == ["krogan2"]
    assert lab.sql(primary, "select count(*) from pg_roles where rolname like 'rewinder%'") == "0"
    assert "standby.signal" in lab.execute(node, "ls", f"/{DATA}")


def test_a_standby_that_lost_power_is_restarted(disturbed: RealLab) -> None:
    lab = disturbed
    primary, node = lab.primary, lab.standby
    lab.sql(primary, "create table if not exists rows (i int)")
    lab.run("power-off", node)
    lab.sql(primary, INSERT.format(100))
    steps = lab.run("restore", node, "--dry-run").stdout
    assert "keep the data as it is" in steps
    assert "part of the primary's history" in steps
    lab.run("restore", node)
    restored(lab, node, primary)


def test_a_primary_with_rows_that_nobody_received_is_rewound(disturbed: RealLab) -> None:
    lab = disturbed
    node, primary = fail_over(lab, lose=5000)
    steps = lab.run("restore", node, "--dry-run").stdout
    assert "with pg_rewind" in steps
    assert "never replicated" in steps
    assert "keep a copy of the old data" in steps
    lab.run("restore", node)
    restored(lab, node, primary)


def test_without_the_log_that_pg_rewind_needs_the_data_is_copied(disturbed: RealLab) -> None:
    lab = disturbed
    node, primary = fail_over(lab, lose=5000)
    lab.run("power-on", node)
    # An unfinished pg_rewind looks like this, and so the data is worth nothing.
    lab.execute(node, "touch", f"/{DATA}.rewinding")
    steps = lab.run("restore", node, "--dry-run").stdout
    assert "did not come to its end" in steps
    assert "copy the data from" in steps
    assert "the old data is kept until the standby streams" in steps
    restore = lab.start("restore", node)
    kept = lab.on_disk(node, f"{DATA}.old")
    restore.wait_for(kept.exists, "the old data aside")
    assert restore.end() == 0
    restored(lab, node, primary)


def test_of_a_cluster_that_lost_everything_the_most_advanced_copy_goes_first(disturbed: RealLab) -> None:
    lab = disturbed
    old, newest = fail_over(lab, lose=5000)
    expected = rows(lab, newest)
    lab.run("power-off", newest)
    steps = lab.run("restore", CLUSTER, "--dry-run").stdout
    assert f"bring {newest} up first" in steps
    assert f"{old} is on the older timeline" in steps
    assert "--yes" in lab.run("restore", CLUSTER, status=2).stderr
    lab.run("restore", CLUSTER, "--yes", seconds=240)
    restored(lab, old, newest)
    assert rows(lab, newest) == expected
