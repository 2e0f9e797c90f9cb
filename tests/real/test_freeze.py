"""A machine that is frozen, with its watchdog or without, and a link that stays as it was set."""

import asyncio
import subprocess
import time

import pytest

from tests.real.lab import ADDRESSES, NODES, RealLab, wait_for
from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.providers.base import Machine, make_ready
from tuchanka.providers.registry import make
from tuchanka.topology.load import load
from tuchanka.waiting import wait_until, within

pytestmark = pytest.mark.lab

WATCHDOG_S = 3.0


def machine(lab: RealLab, name: str) -> Machine:
    return make(lab.folder, load(None), watchdog_s=WATCHDOG_S).machine(name)


def pings(lab: RealLab, node: str) -> bool:
    return "1 received" in lab.execute(NODES[0], "ping", "-c1", "-W1", ADDRESSES[node], status=None)


def test_a_frozen_machine_answers_nothing_and_goes_on_when_it_is_thawed(disturbed: RealLab) -> None:
    one = machine(disturbed, "witness")
    ticker = "while :; do date +%s%N > /run/ticks; sleep 0.01; done > /dev/null 2>&1 & echo $! > /run/ticker"
    asyncio.run(one.run(["sh", "-c", ticker]))

    async def work() -> None:
        begun = time.monotonic()
        frozen = await one.pause()
        assert begun < frozen < time.monotonic()
        assert await one.paused()
        ticks = tick()
        with pytest.raises(DeadlineExceeded, match="'true' had not ended after 1 s"):
            # It can be killed, frozen as it is: nobody waits for the thaw.
            await within(30, one.run(["true"], timeout=1), what="the end of a command")
        with pytest.raises(MachineError, match="is frozen"):
            await one.shut_down()
        await asyncio.sleep(WATCHDOG_S + 1)
        assert tick() == ticks
        assert await one.paused()
        assert await one.resume() > frozen
        assert not await one.paused()
        assert (await one.run(["true"])).status == 0

        async def ticks_again() -> bool:
            return tick() != ticks

        await wait_until(ticks_again, deadline_s=5, what="a tick")
        await one.run(["sh", "-c", "kill $(cat /run/ticker)"])

    def tick() -> str:
        # Past the machine: from the host, which isn't frozen.
        return subprocess.run(
            ["cat", f"/proc/{disturbed.leader('witness')}/root/run/ticks"], capture_output=True, text=True, check=True
        ).stdout

    asyncio.run(work())


def test_a_stalled_host_resets_by_its_watchdog_a_paused_one_does_not(disturbed: RealLab) -> None:
    node = disturbed.standby
    one = machine(disturbed, node)
    before = disturbed.supervisor_said(node)
    assert asyncio.run(one.watchdog()) == "armed"

    asyncio.run(one.pause())
    time.sleep(2 * WATCHDOG_S)
    said = disturbed.supervisor_said(node)[len(before) :]
    assert said == ["frozen"]
    asyncio.run(one.resume())

    # The others have fenced it in the meantime, and it learns of that: it is to arm its watchdog again by itself.
    disturbed.repair()
    assert asyncio.run(one.watchdog()) == "armed"
    before = disturbed.supervisor_said(node)
    asyncio.run(one.stall())
    wait_for(lambda: "booted" in disturbed.supervisor_said(node)[len(before) :], "the reset", seconds=15)
    said = disturbed.supervisor_said(node)[len(before) :]
    assert said == ["frozen", "watchdog expired", "power cut", "ended", "booted"]
    asyncio.run(one.wait_ready())
    assert not asyncio.run(one.paused())


@pytest.mark.parametrize("verb", ["power_off", "reset", "power_on"])
def test_the_power_switch_works_on_a_frozen_machine(disturbed: RealLab, verb: str) -> None:
    one = machine(disturbed, "witness")

    async def work() -> None:
        await one.pause()
        await within(30, getattr(one, verb)(), what=verb)
        await make_ready(one)
        assert not await one.paused()

    asyncio.run(work())


def test_a_link_stays_as_it_was_set_while_the_machine_is_off(disturbed: RealLab) -> None:
    one = machine(disturbed, "witness")

    async def work() -> None:
        await one.link(up=False)
        assert not pings(disturbed, "witness")
        await one.power_off()
        await make_ready(one)
        assert not pings(disturbed, "witness")
        await one.power_off()
        await one.link(up=True)
        await make_ready(one)

    asyncio.run(work())
    wait_for(lambda: pings(disturbed, "witness"), "an answer", seconds=20)


def test_a_lab_with_a_frozen_machine_can_be_destroyed(disturbed: RealLab) -> None:
    asyncio.run(machine(disturbed, "witness").pause())
    disturbed.destroy()
    disturbed.up()
