"""The supervisor is each machine's watchdog device."""

import pytest

from tests.real.lab import RealLab, wait_for

pytestmark = pytest.mark.lab


def test_a_machine_whose_sbd_freezes_is_reset_and_comes_back_without_the_cluster(disturbed: RealLab) -> None:
    primary, node = disturbed.primary, disturbed.standby
    leader, before = disturbed.leader(node), len(disturbed.supervisor_said(node))
    disturbed.execute(node, "pkill", "-STOP", "-x", "sbd")

    wait_for(lambda: "watchdog expired" in disturbed.supervisor_said(node)[before:], "the watchdog", seconds=30)
    wait_for(lambda: "booted" in disturbed.supervisor_said(node)[before:], "a boot by itself", seconds=30)
    wait_for(lambda: disturbed.is_booted(node), "the end of the boot", seconds=30, every=0.2)
    assert disturbed.leader(node) != leader
    for service in ("corosync", "corosync-qdevice", "pacemaker", "sbd"):
        assert disturbed.execute(node, "systemctl", "is-active", service, status=None) == "inactive"
    assert not disturbed.execute(node, "pgrep", "-l", "postgres", status=1)

    assert disturbed.state()["healthy"] is False
    # While the lost node is counted as fenced Pacemaker may be busy for a moment.

    def stays() -> bool:
        copies = disturbed.state()["instances"][0]["copies"]
        return [copy["node"] for copy in copies if copy["role"] == "primary"] == [primary]

    wait_for(stays, "the primary where it was", seconds=15)
    disturbed.run("restore", node)
    assert disturbed.state()["problems"] == []
    assert disturbed.primary == primary
