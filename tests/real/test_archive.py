"""The archive of a real pair: an accident looked at, a standby that was away, and everything lost."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tests.real.lab import CLUSTER, INSTANCE, NODES, wait_for
from tests.real.store_lab import LabWithStore

pytestmark = [pytest.mark.lab, pytest.mark.apart]

# More than wal_keep_size (256 MiB), in pieces that the standby's own log doesn't hold.
LOG = """
do $do$ begin for i in 1..36 loop
    perform pg_logical_emit_message(false, 'test', repeat(md5(random()::text), 250000)); end loop; end $do$
"""
WHOLE_S = 90.0


def whole(pair: LabWithStore) -> bool:
    return pair.run("archive", "status", INSTANCE, status=None).returncode == 0


def primary(pair: LabWithStore) -> str:
    (state,) = json.loads(pair.run("status", CLUSTER, "--json", status=None).stdout)
    (instance,) = state["instances"]
    (node,) = [copy["node"] for copy in instance["copies"] if copy["role"] == "primary"]
    return str(node)


def test_it_begins_by_itself_and_makes_its_first_backup(pair: LabWithStore) -> None:
    wait_for(lambda: whole(pair), "a whole archive", seconds=WHOLE_S, every=2)
    (seen,) = json.loads(pair.run("archive", "status", "--json").stdout)
    assert [backup["kind"] for backup in seen["backups"]] == ["full"]
    assert (seen["gaps"], seen["problem"], seen["findings"]) == ([], "", [])


def test_an_accident_is_looked_at_aside(pair: LabWithStore) -> None:
    node = primary(pair)
    pair.sql(node, "create table shop (item int); insert into shop select generate_series(1, 100)")
    wait_for(lambda: datetime.now(UTC).microsecond < 100000, "a whole second", seconds=3)
    before = datetime.now(UTC).isoformat()
    pair.sql(node, "delete from shop where item > 7")
    other = next(name for name in NODES if name != node)
    pair.run("archive", "restore", INSTANCE, "--at", before, "--aside", f"{other}:5499")
    assert pair.sql(other, "select count(*) from shop", port=5499) == "100"
    assert pair.sql(node, "select count(*) from shop") == "7"
    again = pair.run("archive", "restore", INSTANCE, "--latest", "--aside", f"{other}:5499", status=3)
    assert "stands aside there already" in again.stderr
    pair.run("archive", "discard", INSTANCE, other)
    pair.run("archive", "discard", INSTANCE, other)
    pair.run("status", CLUSTER)


def test_a_time_that_it_has_not_is_one_line(pair: LabWithStore) -> None:
    for when, what in (("2020-01-01", "before the end of the first backup"), ("2099-01-01", "is in the future")):
        refused = pair.run("archive", "restore", INSTANCE, "--at", when, "--aside", "tuchanka2b:5499", status=2)
        assert what in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_a_standby_that_was_away_too_long_needs_no_copy(pair: LabWithStore) -> None:
    node = primary(pair)
    away = next(name for name in NODES if name != node)
    pair.run("power-off", away)
    pair.sql(node, LOG)
    pair.sql(node, "select pg_switch_wal(); checkpoint")
    wait_for(lambda: whole(pair), "a whole archive", seconds=WHOLE_S, every=1)
    # The log that is no longer kept is gone with a checkpoint after it was archived.
    pair.sql(node, "checkpoint")
    restored = pair.run("restore", away, seconds=240)
    assert "the archive has what the primary no longer has" in restored.stderr
    assert "copy the data" not in restored.stderr
    pair.run("status", CLUSTER)


def test_everything_is_lost(pair: LabWithStore) -> None:
    node = primary(pair)
    pair.sql(node, "insert into shop select 8")
    pair.sql(node, "select pg_switch_wal()")
    wait_for(lambda: whole(pair), "a whole archive", seconds=WHOLE_S, every=1)
    refused = pair.run("restore", CLUSTER, "--from-archive", "--yes", status=3)
    assert "which may be more than the archive has" in refused.stderr

    def lose(name: str) -> None:
        command = f"rm -rf /var/lib/postgresql/17/{INSTANCE}; pkill -KILL -u postgres -x postgres"
        pair.execute(name, "sh", "-c", command, status=None)

    with ThreadPoolExecutor() as both:
        list(both.map(lose, NODES))
    pair.run("restore", CLUSTER, "--from-archive", "--yes", seconds=300)
    assert pair.sql(primary(pair), "select count(*) from shop") == "8"
    wait_for(lambda: pair.run("status", CLUSTER, status=None).returncode == 0, "health", seconds=60, every=1)
