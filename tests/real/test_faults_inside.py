"""Faults within a node: who is hit, what the node makes of it, and that healing puts it right. One lab is shared."""

import pytest

from tests.real.lab import CLUSTER, DATA, RealLab, wait_for

pytestmark = pytest.mark.lab


def processes(lab: RealLab, node: str, name: str) -> dict[str, str]:
    """PID → state of the node's processes of this name (proc(5) keeps 15 characters of it)."""
    listed = lab.execute(node, "ps", "-C", name[:15], "-o", "pid=,stat=", status=None)
    # While a node is reset there is an error's line instead.
    found = (line.split() for line in listed.splitlines())
    return {words[0]: words[1] for words in found if len(words) == 2 and words[0].isdigit()}


def warned(lab: RealLab, node: str, words: str) -> bool:
    return words in lab.execute(node, "journalctl", "--no-pager", "--output=cat", "--since=-60s")


@pytest.mark.parametrize("fault", ["kill-postgres", "freeze-postgres"])
def test_first_aid_starts_the_primary_again_where_it_was(disturbed: RealLab, fault: str):
    primary = disturbed.primary

    def serves() -> bool:
        copies = disturbed.state()["instances"][0]["copies"]
        return any(copy["node"] == primary and copy["in_recovery"] is False for copy in copies)

    def back() -> bool:
        now = set(processes(disturbed, primary, "postgres"))
        return bool(now) and not now & before and serves()

    for _ in range(4):
        # What was helped a moment ago is left to Pacemaker.
        disturbed.execute(primary, "rm", "-f", "/run/postgresql/krogan2.first-aid")
        before = set(processes(disturbed, primary, "postgres"))
        disturbed.run("fault", "inject", fault, primary)
        wait_for(back, "the server that is back", seconds=60, every=0.5)
        if warned(disturbed, primary, "first aid: the server"):
            break
        disturbed.up()  # PAF was looking at that very moment, and Pacemaker has recovered it
    assert warned(disturbed, primary, "first aid: the server")
    assert disturbed.primary == primary


def test_a_frozen_standby_of_one_daemon_is_woken(disturbed: RealLab):
    node = disturbed.standby
    disturbed.run("fault", "inject", "freeze-pacemaker-attrd", node)
    assert set(processes(disturbed, node, "pacemaker-attrd").values()) == {"Ts"}
    disturbed.run("fault", "heal", node)
    # A process that has just been woken may run for a moment.
    wait_for(lambda: set(processes(disturbed, node, "pacemaker-attrd").values()) == {"Ss"}, "its waking", seconds=10)


# Not in each run: without its configuration the node is fenced, which the next test would have to wait for.
@pytest.mark.long
@pytest.mark.parametrize("name", ["pacemakerd", "pacemaker-based"])
def test_a_daemon_that_hangs_is_replaced_before_sbd_resets_the_node(disturbed: RealLab, name: str):
    node = disturbed.standby
    # After a killing the watch rests, and leaves what hangs to sbd.
    disturbed.execute(node, "systemctl", "restart", "pacemaker-watch")
    (before,) = processes(disturbed, node, name)
    disturbed.run("fault", "inject", f"freeze-{name}", node)
    wait_for(lambda: before not in processes(disturbed, node, name), f"another {name}", seconds=20, every=0.5)
    assert warned(disturbed, node, f"{name} hangs: killing it")


def test_a_full_data_disk_is_full_for_the_machine_alone_and_is_emptied(disturbed: RealLab):
    node = disturbed.standby
    disturbed.run("fault", "inject", "data-disk-full", node)
    left = "df --output=avail --block-size=1 /var/lib/postgresql | tail -n 1"
    assert int(disturbed.execute(node, "sh", "-c", left)) == 0
    disturbed.run("fault", "heal", node)
    assert int(disturbed.execute(node, "sh", "-c", left)) > 1 << 26


def test_what_is_written_to_a_disk_that_hangs_waits_and_goes_on(disturbed: RealLab):
    node = disturbed.standby
    file = f"/{DATA}/../waits"
    disturbed.run("fault", "inject", "data-disk-hung", node)
    # Nobody could end it, so it is left alone, with none of our streams.
    there = f"touch {file} </dev/null >/dev/null 2>&1 & sleep 1; ls {file}"
    assert "No such file" in disturbed.execute(node, "sh", "-c", there, status=2)
    disturbed.run("fault", "heal", node)
    wait_for(lambda: disturbed.execute(node, "ls", file, status=None) == file, "what waited", seconds=10, every=0.2)
    disturbed.execute(node, "rm", file)


def test_a_fork_bomb_is_ended(disturbed: RealLab):
    node = disturbed.standby
    disturbed.run("fault", "inject", "fork-bomb", node)
    disturbed.run("fault", "heal", node)
    wait_for(lambda: not processes(disturbed, node, "perl"), "the end of the bomb", seconds=60, every=1)


def test_a_damaged_table_is_noticed_and_dropped(disturbed: RealLab):
    node = disturbed.standby
    disturbed.run("fault", "inject", "table-corrupted", node)
    failures = "SELECT sum(checksum_failures) FROM pg_stat_database"
    assert int(disturbed.sql(node, failures)) > 0
    disturbed.run("fault", "heal", node)
    there = "SELECT count(*) FROM pg_class WHERE relname = 'tuchanka_damaged'"
    wait_for(lambda: disturbed.sql(node, there, database="heartbeat").strip() == "0", "the table's end", seconds=20)
    assert disturbed.is_healthy(), CLUSTER


def test_immutable_data_can_be_written_again(disturbed: RealLab):
    node = disturbed.standby
    disturbed.run("fault", "inject", "pgdata-read-only", node)
    disturbed.execute(node, "touch", f"/{DATA}/touched", status=1)
    disturbed.run("fault", "heal", node)
    disturbed.execute(node, "sh", "-c", f"touch /{DATA}/touched && rm /{DATA}/touched")
