"""Stopping the cluster stack of a node that doesn't let itself be stopped as asked."""

import asyncio

import pytest

from tests.pacemaker.views import CLUSTER
from tuchanka.errors import CommandFailed
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider
from tuchanka.stacks.pacemaker.operate import stop_node

REFUSED = CommandFailed("tuchanka2a", "systemctl stop pacemaker", 1, "Connection reset by peer")


def stop(state: str) -> FakeProvider:
    provider = FakeProvider([("stop pacemaker", REFUSED), ("is-active", Completed(3, f"{state}\n", ""))])
    node = provider.machine("tuchanka2a")
    node.on = True
    asyncio.run(stop_node(CLUSTER, node))
    return provider


def test_a_node_that_its_watchdog_reset_meanwhile_is_stopped():
    asked = stop("inactive").commands("tuchanka2a")
    assert "systemctl stop corosync" in asked


@pytest.mark.parametrize("state", ["active", "failed", "deactivating"])
def test_what_still_runs_or_failed_is_not_stopped(state: str):
    with pytest.raises(CommandFailed):
        stop(state)
