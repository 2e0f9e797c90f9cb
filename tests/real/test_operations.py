"""Planned operations on tuchanka1: krogan1a goes home by itself here, krogan1b waits for a switchover."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.lab import RealLab, new_lab, wait_for
from tuchanka.topology.load import default_text

pytestmark = [pytest.mark.lab, pytest.mark.long]

CLUSTER, A, B = "tuchanka1", "tuchanka1a", "tuchanka1b"
PORTS = {"krogan1a": 5433, "krogan1b": 5434}
# The goal is 3 s on an idle host; a busy one must not make the test fail.
GAP_S = 10.0


class Compact:
    """The lab, and what the tests ask it; past the program where that is quicker."""

    def __init__(self, lab: RealLab) -> None:
        self.lab = lab

    def json(self, *words: str, status: int = 0) -> Any:
        return json.loads(self.lab.run("--json", *words, status=status).stdout)

    def refused(self, *words: str) -> str:
        done = self.lab.run(*words, status=3)
        (line,) = [line for line in done.stderr.splitlines() if "error:" in line]
        return line

    def sql(self, node: str, instance: str, statement: str, *, status: int | None = 0) -> str:
        words = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", "psql", "-XAtq")
        return self.lab.execute(node, *words, "-p", str(PORTS[instance]), "-c", statement, status=status)

    def primary(self, instance: str) -> str:
        """The node that takes writes, or where several or none do, all of them or nothing."""
        ask = "select 'yes' where not pg_is_in_recovery()"
        on = [node for node in (A, B) if self.lab.leaders(node)]
        return " ".join(node for node in on if self.sql(node, instance, ask, status=None) == "yes")

    def status(self) -> dict[str, Any]:
        (state,) = json.loads(self.lab.run("status", CLUSTER, "--json", status=None).stdout)
        assert isinstance(state, dict)
        return state

    def left_over(self) -> list[str]:
        cib = self.lab.execute(B, "cibadmin", "--query")
        return re.findall(r'(?<= id=")cli-[^"]*', cib) + [str(path) for path in self.lab.folder.glob("switchover-*")]

    def attribute(self) -> str:
        """What the agent says of the copy of krogan1a at home."""
        said = self.lab.execute(A, "attrd_updater", "-n", "krogan1a-home", "-Q", "-N", A, status=None)
        found = re.search(r'value="(.*?)"', said)
        return found[1] if found else ""


@pytest.fixture(scope="module")
def compact(watched: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compact]:
    file: Path = tmp_path_factory.mktemp("topology") / "topology.toml"
    file.write_text(default_text().replace('failback = "wait"', 'failback = "automatic"', 1))
    with new_lab() as lab:
        lab.run("--topology", str(file), "up", CLUSTER, seconds=240)
        yield Compact(lab)


def test_a_switchover_costs_little_and_leaves_nothing(compact: Compact) -> None:
    was = compact.primary("krogan1b")
    to = A if was == B else B
    done = compact.json("switchover", "krogan1b")
    assert (done["from"], done["to"], done["moved"], done["lost"]) == (was, to, True, 0)
    assert 0 < done["write_s"] < GAP_S
    assert compact.primary("krogan1b") == to
    assert compact.primary("krogan1a") == A
    assert compact.left_over() == []
    assert compact.status()["problems"] == []


def test_it_may_be_repeated(compact: Compact) -> None:
    to = compact.primary("krogan1b")
    assert compact.json("switchover", "krogan1b", "--to", to) == {
        "instance": "krogan1b",
        "from": to,
        "to": to,
        "moved": False,
    }


def test_killed_in_the_middle_it_is_gone_on_with(compact: Compact) -> None:
    was = compact.primary("krogan1b")
    running = compact.lab.start("switchover", "krogan1b")
    running.wait_for(lambda: list(compact.lab.folder.glob("switchover-*")), "the move")
    time.sleep(0.5)
    running.kill()
    done = compact.json("switchover", "krogan1b")
    assert done["to"] != was
    assert compact.primary("krogan1b") == done["to"]
    assert compact.left_over() == []


def test_what_can_not_be_done_is_refused_and_changes_nothing(compact: Compact) -> None:
    primary = compact.primary("krogan1b")
    other = A if primary == B else B
    assert "move back at once" in compact.refused("switchover", "krogan1a", "--to", B)
    compact.lab.execute(A, "pcs", "resource", "ban", "krogan1b-clone", other, "--wait=60")
    assert f"{other} is stopped" in compact.refused("switchover", "krogan1b")
    assert f"{other} is stopped" in compact.refused("switchover", "krogan1b", "--to", other)
    assert "krogan1b would stop" in compact.refused("standby", primary)
    compact.lab.execute(A, "pcs", "resource", "clear", "krogan1b-clone", "--wait=60")
    assert compact.primary("krogan1b") == primary
    wait_for(lambda: compact.status()["healthy"], "a healthy cluster", every=0.5)


def test_a_node_in_standby_runs_nothing(compact: Compact) -> None:
    for _ in range(2):  # safe to repeat
        done = compact.json("standby", B)
        assert done == {"node": B, "standby": True, "primaries": {"krogan1a": A, "krogan1b": A}}
    assert compact.lab.execute(B, "pgrep", "-x", "postgres", status=1) == ""
    for _ in range(2):
        assert compact.json("unstandby", B)["standby"] is False
    assert compact.status()["problems"] == []


def test_maintenance(compact: Compact) -> None:
    for _ in range(2):
        assert compact.json("maintenance", "on", CLUSTER) == {"cluster": CLUSTER, "maintenance": True}
    assert compact.status()["maintenance"] is True
    assert "in maintenance" in compact.refused("switchover", "krogan1b")
    for _ in range(2):
        compact.json("maintenance", "off", CLUSTER)
    assert compact.status()["problems"] == []


def test_a_lost_site_and_the_way_home(compact: Compact) -> None:
    """Both primaries live on one node then; krogan1a goes home when, and only when, its copy has caught up there."""
    compact.lab.run("power-off", A)
    wait_for(lambda: compact.primary("krogan1a") == compact.primary("krogan1b") == B, "the failover", every=0.3)
    restoring = compact.lab.start("restore", A)
    pause = "select 'paused' from (select pg_wal_replay_pause()) as paused"
    paused = lambda: compact.lab.leaders(A) and compact.sql(A, "krogan1a", pause, status=None) == "paused"  # noqa: E731
    wait_for(paused, "the pause", seconds=90, every=0.1)
    write = "create table if not exists written (t text); insert into written values (repeat('x', 10000))"
    # The first server there only recovers from the crash; a pause ends with it.
    while restoring.process.poll() is None:
        compact.sql(A, "krogan1a", pause, status=None)
        compact.sql(B, "krogan1a", write, status=None)
        time.sleep(0.05)
    assert restoring.end() == 0
    assert {vip["name"]: vip["nodes"] for vip in compact.status()["vips"]} == {"krogan1a": [B], "krogan1b": [B]}
    for _ in range(5):  # longer than two looks of the agent
        compact.sql(B, "krogan1a", write)
        assert compact.attribute() in {"", "0"}
        time.sleep(2)
    assert compact.primary("krogan1a") == B
    written = compact.sql(B, "krogan1a", "select count(*) from written")
    compact.sql(A, "krogan1a", "select pg_wal_replay_resume()")
    wait_for(lambda: compact.primary("krogan1a") == A, "the failback", every=0.3)
    assert compact.primary("krogan1b") == B
    wait_for(lambda: compact.status()["healthy"], "a healthy cluster", every=0.5)
    assert compact.sql(A, "krogan1a", "select count(*) from written") == written
