"""Every command of pcs that docs/admin.md names, on the right resource: what it does, and that nothing stays."""

import re
import time
from collections.abc import Iterator

import pytest

from tests.real.lab import INSTANCE, NODES, RealLab, wait_for

pytestmark = [pytest.mark.lab, pytest.mark.long]

LONGER_THAN_A_MONITOR_S = 5.0
CLONE, VIP, READ_VIP = f"{INSTANCE}-clone", f"{INSTANCE}-vip", f"{INSTANCE}s1-vip"


class Admin:
    """A healthy cluster, and its primary and standby when the test began."""

    def __init__(self, lab: RealLab) -> None:
        self.lab = lab
        state = lab.state()
        if not state["healthy"]:  # an earlier test failed
            lab.repair()
            state = lab.state()
        (copies,) = (instance["copies"] for instance in state["instances"])
        nodes = {copy["role"]: str(copy["node"]) for copy in copies}
        self.primary, self.standby = nodes["primary"], nodes["standby"]

    def pcs(self, *words: str) -> str:
        return self.lab.execute(NODES[0], "pcs", *words, seconds=120)

    def left_over(self) -> list[str]:
        """The constraints and failures that commands and faults leave: none, in good order."""
        cib = self.lab.execute(NODES[0], "cibadmin", "--query")
        return re.findall(r'(?<= id=")cli-[^"]*', cib) + re.findall(r'name="(fail-count-[^"]*)', cib)

    def at(self, resource: str) -> set[str]:
        """The nodes where Pacemaker runs a resource."""
        said = self.lab.execute(NODES[0], "crm_resource", "--resource", resource, "--locate", status=None)
        return set(re.findall(r"is running on: (\S+)", said))

    def writable(self) -> list[str]:
        """The nodes whose PostgreSQL takes writes."""
        return [node for node in NODES if self.ask(node, "select 1 where not pg_is_in_recovery()") == "1"]

    def ask(self, node: str, sql: str) -> str:
        """What the node's own PostgreSQL answers, if it does."""
        words = ("psql", "-XAtq", "-U", "postgres", "-d", "postgres", "-c", sql)
        as_user = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--")
        return self.lab.execute(node, *as_user, *words, status=None)

    def becomes(self, what: str, holds: object, *, seconds: float = 60) -> None:
        assert callable(holds)
        wait_for(holds, what, seconds=seconds, every=0.2)

    def ends(self, *, primary: str, left_over: list[str] | None = None) -> None:
        """Healthy again, with the primary where it should be and nothing left over."""
        wait_for(self.lab.is_healthy, "a healthy cluster", every=0.5)
        assert self.writable() == [primary]
        assert self.at(VIP) == {primary}
        assert self.at(READ_VIP) == set(NODES) - {primary}
        assert self.left_over() == (left_over or [])


@pytest.fixture(scope="module")
def repaired(lab: RealLab) -> Iterator[RealLab]:
    yield lab
    lab.repair()


@pytest.fixture
def admin(repaired: RealLab) -> Admin:
    return Admin(repaired)


def test_disable_and_enable_an_instance(admin: Admin) -> None:
    admin.pcs("resource", "disable", CLONE, "--wait=60")
    assert admin.writable() == []
    assert admin.at(CLONE) | admin.at(VIP) | admin.at(READ_VIP) == set()
    admin.pcs("resource", "enable", CLONE, "--wait=60")
    admin.ends(primary=admin.primary)


def test_disable_and_enable_an_address(admin: Admin) -> None:
    admin.pcs("resource", "disable", READ_VIP, "--wait=30")
    assert admin.at(READ_VIP) == set()
    assert admin.writable() == [admin.primary]
    admin.pcs("resource", "enable", READ_VIP, "--wait=30")
    admin.ends(primary=admin.primary)


def test_restart_an_instance(admin: Admin) -> None:
    started = "select extract(epoch from pg_postmaster_start_time())"
    before = [admin.lab.sql(node, started) for node in NODES]
    admin.pcs("resource", "restart", CLONE)
    admin.ends(primary=admin.primary)
    after = [admin.lab.sql(node, started) for node in NODES]
    assert all(old != new for old, new in zip(before, after, strict=True))


def test_restart_an_address(admin: Admin) -> None:
    admin.pcs("resource", "restart", READ_VIP)
    admin.ends(primary=admin.primary)


def test_ban_the_primary_and_clear(admin: Admin) -> None:
    admin.pcs("resource", "ban", CLONE, admin.primary, "--promoted", "--wait=60")
    admin.becomes("the move", lambda: admin.writable() == [admin.standby])
    assert admin.left_over() == [f"cli-ban-{CLONE}-on-{admin.primary}"]
    admin.pcs("resource", "clear", CLONE)
    admin.ends(primary=admin.standby)


def test_ban_a_standby_and_clear(admin: Admin) -> None:
    admin.pcs("resource", "ban", CLONE, admin.standby, "--wait=60")
    admin.becomes("the stop", lambda: admin.at(CLONE) == {admin.primary})
    admin.becomes("reading on the primary", lambda: admin.at(READ_VIP) == {admin.primary})
    admin.pcs("resource", "clear", CLONE)
    admin.ends(primary=admin.primary)


def test_move(admin: Admin) -> None:
    admin.pcs("resource", "move", CLONE, admin.standby, "--promoted", "--wait=60")
    admin.ends(primary=admin.standby)


def test_move_with_a_constraint_and_clear(admin: Admin) -> None:
    admin.pcs("resource", "move-with-constraint", CLONE, admin.standby, "--promoted", "--wait=60")
    admin.becomes("the move", lambda: admin.writable() == [admin.standby])
    assert admin.left_over() == [f"cli-prefer-{CLONE}"]
    admin.pcs("resource", "clear", CLONE)
    admin.ends(primary=admin.standby)


def test_cleanup(admin: Admin) -> None:
    kill = ("pkill", "-KILL", "-u", "postgres", "-x", "postgres")
    admin.lab.execute(admin.standby, *kill)
    admin.becomes("first aid", lambda: admin.ask(admin.standby, "select 1") == "1")
    # First aid helps once in a while; what goes wrong again so soon is Pacemaker's, and counted.
    admin.lab.execute(admin.standby, *kill)
    admin.becomes("the failure", lambda: any(INSTANCE in name for name in admin.left_over()))
    admin.becomes("its recovery", lambda: admin.at(CLONE) == set(NODES))
    admin.pcs("resource", "cleanup", CLONE)
    admin.ends(primary=admin.primary)


def test_a_node_in_standby(admin: Admin) -> None:
    admin.pcs("node", "standby", admin.primary, "--wait=60")
    admin.becomes("the move", lambda: admin.writable() == [admin.standby])
    assert admin.at(CLONE) == admin.at(VIP) == admin.at(READ_VIP) == {admin.standby}
    admin.pcs("node", "unstandby", admin.primary, "--wait=60")
    admin.ends(primary=admin.standby)


def test_maintenance_leaves_everything_alone(admin: Admin) -> None:
    admin.pcs("property", "set", "maintenance-mode=true")
    admin.lab.execute(admin.standby, "pkill", "-KILL", "-u", "postgres", "-x", "postgres")
    time.sleep(LONGER_THAN_A_MONITOR_S)
    assert admin.lab.execute(admin.standby, "pgrep", "-u", "postgres", "-x", "postgres", status=1) == ""
    admin.pcs("property", "set", "maintenance-mode=false")
    admin.becomes("its recovery", lambda: admin.at(CLONE) == set(NODES) and len(admin.writable()) == 1)
    admin.pcs("resource", "cleanup", CLONE)
    admin.ends(primary=admin.primary)
