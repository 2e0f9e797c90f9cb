"""The supervisor with a plain process in nspawn's place: what it does when that one ends, and what can be asked."""

import asyncio
import os
import re
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tuchanka.providers.nspawn import client, freezer, supervisor
from tuchanka.providers.nspawn.paths import MachinePaths
from tuchanka.providers.nspawn.supervisor import Spec, Supervisor, nspawn_command
from tuchanka.waiting import wait_until

LONG = "exec sleep 60"


class Bench:
    """A supervisor under test, and how it called ip(8)."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.paths = MachinePaths(folder / "disk", folder / "run")
        self.paths.disk.mkdir()
        self.paths.run.mkdir()
        self.groups = [folder / "payload", folder / "exec"]
        for group in self.groups:
            group.mkdir()
            (group / "cgroup.freeze").write_text("0\n")
            (group / "cgroup.events").write_text("populated 1\nfrozen 1\n")
        self.script = LONG
        self.ip: list[str] = []
        self.on_ip: Callable[[str], Awaitable[None]] | None = None
        patch.setattr(supervisor, "nspawn_command", lambda _: ["sh", "-c", self.script])
        patch.setattr(supervisor.linux, "child_with_own_pids", lambda pid: pid)

    def spec(self, watchdog_s: float = 60) -> Spec:
        return Spec(
            name="a",
            disks={"data": ["/image/data", "/disk/1/data.img", "/disk/upper/data.img"]},
            mounts="/mounts",
            namespace="",
            bridge="br0",
            watchdog=str(self.paths.watchdog),
            watchdog_s=watchdog_s,
            control=str(self.paths.control),
            console=str(self.paths.console),
            log=str(self.paths.log),
            enter=["enter", "--"],
            unlinked=str(self.paths.unlinked),
            watchdog_fails=str(self.paths.watchdog_fails),
            freezable=[str(group) for group in self.groups],
        )

    def run(self, work: Callable[[Supervisor], Awaitable[None]], *, watchdog_s: float = 60) -> None:
        async def all_of_it() -> None:
            one = Supervisor(self.spec(watchdog_s))

            async def ip(*arguments: str) -> int:
                self.ip.append(" ".join(arguments))
                if self.on_ip:
                    await self.on_ip(self.ip[-1])
                return 0

            one.ip = ip  # type: ignore[method-assign]
            running = asyncio.create_task(one.run())
            try:
                await work(one)
                await asyncio.wait_for(running, timeout=5)
            finally:
                running.cancel()
                if one.nspawn and one.nspawn.returncode is None:
                    one.nspawn.kill()
                    await one.nspawn.wait()
            assert not self.paths.control.exists()

        asyncio.run(all_of_it())

    async def ask(self, verb: str, **arguments: object) -> dict[str, Any]:
        answer = await client.ask(self.paths, verb, **arguments)
        assert answer is not None
        return answer

    async def booted(self, times: int) -> int:
        async def is_so() -> int | None:
            status = await client.ask(self.paths, "status")
            return status["leader"] if status and status["boots"] >= times else None

        return await wait_until(is_so, deadline_s=5, interval_s=0.005, what=f"boot {times}")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_a_power_off_takes_the_link_down_before_it_kills_and_ends_the_supervisor(bench: Bench):
    async def work(one: Supervisor) -> None:
        leader = await bench.booted(1)

        async def alive(arguments: str) -> None:
            if arguments.endswith("down"):
                os.kill(leader, 0)

        bench.on_ip = alive
        answer = await bench.ask("power-off")
        assert answer["t"] > 0

    bench.run(work)
    assert bench.ip == ["link del vb-a", "link set vb-a down"]


def test_a_reset_boots_it_again_with_the_link_as_it_was_set(bench: Bench):
    async def work(one: Supervisor) -> None:
        first = await bench.booted(1)
        bench.paths.unlinked.touch()
        await bench.ask("link")
        await bench.ask("reset")
        second = await bench.booted(2)
        assert first != second
        status = await bench.ask("status")
        assert (status["boots"], status["link"], status["armed"]) == (2, False, False)
        await bench.ask("power-off")

    bench.run(work)
    # After the second boot: as it was set, and by the power-off.
    assert bench.ip[-3:] == ["link del vb-a", "link set vb-a down", "link set vb-a down"]


def test_a_guest_that_powered_off_stays_off(bench: Bench):
    bench.script = "exit 0"

    async def work(one: Supervisor) -> None:
        pass

    bench.run(work)
    assert '"status": 0' in bench.paths.log.read_text()


def test_a_guest_that_asked_for_a_reboot_boots_again(bench: Bench):
    bench.script = "exit 133"

    async def work(one: Supervisor) -> None:
        await bench.booted(2)
        bench.script = "exit 0"

    bench.run(work)


def test_a_shutdown_asks_systemd_and_stays_off_whatever_the_status(bench: Bench):
    async def work(one: Supervisor) -> None:
        await bench.booted(1)
        await bench.ask("shut-down")

    bench.run(work)
    assert f'"status": {-supervisor.ORDERLY_SHUTDOWN}' in bench.paths.log.read_text()
    assert signal.SIGRTMIN + 3 == supervisor.ORDERLY_SHUTDOWN


def test_a_watchdog_that_is_not_fed_resets_the_machine(bench: Bench):
    async def work(one: Supervisor) -> None:
        await bench.booted(1)
        descriptor = os.open(bench.paths.watchdog, os.O_WRONLY | os.O_NONBLOCK)
        os.write(descriptor, b"\0")
        os.close(descriptor)
        await bench.booted(2)
        assert not (await bench.ask("status"))["armed"]
        await bench.ask("power-off")

    bench.run(work, watchdog_s=0.1)
    log = bench.paths.log.read_text()
    assert '"what": "watchdog expired"' in log
    assert '"reason": "watchdog"' in log


def test_a_watchdog_that_fails_is_armed_and_never_fires(bench: Bench):
    async def work(one: Supervisor) -> None:
        await bench.booted(1)
        assert not one.watchdog.works  # as the last supervisor's was
        assert (await bench.ask("watchdog", works=False))["t"] > 0
        descriptor = os.open(bench.paths.watchdog, os.O_WRONLY | os.O_NONBLOCK)
        os.write(descriptor, b"\0")
        os.close(descriptor)
        await asyncio.sleep(0.5)
        assert (await bench.ask("status")).items() >= {"armed": True, "boots": 1}.items()
        # Nobody has fed it since: it fires as soon as it works again.
        await bench.ask("watchdog", works=True)
        await bench.booted(2)
        await bench.ask("power-off")

    bench.paths.watchdog_fails.touch()
    bench.run(work, watchdog_s=0.1)
    found = re.findall(r'"what": "watchdog (\w+)"', bench.paths.log.read_text())
    assert found == ["fails", "works", "expired"]


@pytest.mark.parametrize("told", [{}, {"reason": "bmc"}])
def test_the_power_log_says_who_cut_the_power(bench: Bench, told: dict[str, str]):
    async def work(one: Supervisor) -> None:
        for boots, verb in enumerate(("reset", "power-off"), start=1):
            await bench.booted(boots)
            await bench.ask(verb, **told)

    bench.run(work)
    for verb in ("reset", "power-off"):
        assert f'"reason": "{told.get("reason", verb)}"' in bench.paths.log.read_text()


@pytest.mark.parametrize("verb", ["power-off", "shut-down"])
def test_a_machine_that_is_only_about_to_boot_can_be_switched_off_too(bench: Bench, verb: str):
    async def work(one: Supervisor) -> None:
        await bench.booted(1)
        asked: list[asyncio.Task[dict[str, Any]]] = []

        async def in_the_meantime(arguments: str) -> None:
            if arguments == "link del vb-a":
                bench.on_ip = None
                asked.append(asyncio.create_task(bench.ask(verb)))
                await asyncio.wait_for(asked[0], timeout=5)

        bench.on_ip = in_the_meantime
        await bench.ask("reset")

        async def answered() -> bool:
            return bool(asked and asked[0].done())

        await wait_until(answered, deadline_s=5, interval_s=0.005, what="the answer")

    bench.run(work)


def test_a_verb_that_comes_when_the_machine_has_just_died_is_answered(bench: Bench):
    async def work(one: Supervisor) -> None:
        leader = await bench.booted(1)
        dead = await asyncio.create_subprocess_exec("true")
        await dead.wait()
        one.leader = dead.pid  # its end was not noticed yet
        assert "t" in await bench.ask("reset")
        assert "t" in await bench.ask("power-off")
        assert await bench.ask("shut-down") == {}
        os.kill(leader, signal.SIGKILL)

    bench.run(work)


def test_a_link_that_was_set_down_while_the_machine_was_off_is_down_when_it_boots(bench: Bench):
    bench.paths.unlinked.touch()

    async def is_down() -> bool:
        return bench.ip == ["link del vb-a", "link set vb-a down"]

    async def work(one: Supervisor) -> None:
        await bench.booted(1)
        await wait_until(is_down, deadline_s=5, interval_s=0.005, what="the link")
        await bench.ask("power-off")

    bench.run(work)


def test_a_frozen_machine_does_not_shut_down_but_its_power_can_be_cut_and_it_boots_thawed(bench: Bench):
    async def work(one: Supervisor) -> None:
        await bench.booted(1)
        assert (await bench.ask("freeze", watchdog_runs=False))["t"] > 0
        assert [(group / "cgroup.freeze").read_text() for group in bench.groups] == ["1", "1"]
        assert (await bench.ask("status"))["frozen"]
        assert "is frozen" in (await bench.ask("shut-down"))["error"]
        await bench.ask("reset")
        await bench.booted(2)
        assert not (await bench.ask("status"))["frozen"]
        await bench.ask("power-off")

    bench.run(work)


@pytest.mark.parametrize("watchdog_runs", [True, False])
def test_the_watchdog_of_a_frozen_machine_fires_only_if_it_runs_on(bench: Bench, *, watchdog_runs: bool):
    async def work(one: Supervisor) -> None:
        await bench.booted(1)
        descriptor = os.open(bench.paths.watchdog, os.O_WRONLY | os.O_NONBLOCK)
        os.write(descriptor, b"\0")
        os.close(descriptor)
        await bench.ask("freeze", watchdog_runs=watchdog_runs)
        if not watchdog_runs:
            await asyncio.sleep(0.4)
            assert (await bench.ask("status"))["boots"] == 1
            await bench.ask("thaw")
            assert not (await bench.ask("status"))["frozen"]
        await bench.booted(2)  # nobody feeds it
        await bench.ask("power-off")

    bench.run(work, watchdog_s=0.2)


def test_a_machine_that_does_not_freeze_in_time_is_thawed_again(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(freezer, "FREEZE_S", 0.05)
    (bench.groups[1] / "cgroup.events").write_text("populated 1\nfrozen 0\n")

    async def work(one: Supervisor) -> None:
        await bench.booted(1)
        assert "the freezing did not happen" in (await bench.ask("freeze", watchdog_runs=False))["error"]
        assert not (await bench.ask("status"))["frozen"]
        await bench.ask("thaw")
        await bench.ask("power-off")

    bench.run(work)


def test_a_host_without_the_freezer_says_so(bench: Bench):
    bench.groups = []

    async def work(one: Supervisor) -> None:
        await bench.booted(1)
        assert "no cgroup v2" in (await bench.ask("freeze", watchdog_runs=False))["error"]
        await bench.ask("power-off")

    bench.run(work)


@pytest.mark.parametrize("end", ["release-disk", "reset", "power-off"])
def test_a_disk_that_hangs_goes_on_when_it_is_released_and_when_the_machine_ends(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, end: str
):
    done: list[str] = []
    monkeypatch.setattr(supervisor.linux, "freeze_filesystem", lambda path: done.append(f"hang {path}"))
    monkeypatch.setattr(supervisor.linux, "thaw_filesystem", lambda path: done.append(f"go on {path}"))

    async def work(one: Supervisor) -> None:
        await bench.booted(1)
        assert (await bench.ask("hang-disk"))["t"] > 0
        await bench.ask("hang-disk")
        await bench.ask(end)
        assert done == ["hang /mounts/data.1", "go on /mounts/data.1"]
        if end != "power-off":
            await bench.ask("power-off")

    bench.run(work)


def test_the_console_is_logged_to_its_last_word(bench: Bench):
    bench.script = "echo first; echo second >&2; exit 0"

    async def work(one: Supervisor) -> None:
        pass

    bench.run(work)
    assert bench.paths.console.read_text() == "first\nsecond\n"


@pytest.mark.parametrize("request_", [b"\n", b"nonsense\n", b'{"verb": "explode"}\n'])
def test_a_bad_request_harms_nothing(bench: Bench, request_: bytes):
    async def work(one: Supervisor) -> None:
        await bench.booted(1)
        reader, writer = await asyncio.open_unix_connection(bench.paths.control)
        writer.write(request_)
        await reader.read()
        writer.close()
        await bench.ask("power-off")

    bench.run(work)


def test_a_request_that_is_open_when_it_ends_gets_no_answer_and_leaves_no_traceback(
    bench: Bench, caplog: pytest.LogCaptureFixture
):
    with socket.socket(socket.AF_UNIX) as connection:

        async def work(one: Supervisor) -> None:
            await bench.booted(1)
            connection.connect(str(bench.paths.control))
            await bench.ask("power-off")

        bench.run(work)
        assert connection.recv(100) == b""
    assert caplog.records == []


def test_a_machine_without_a_supervisor_answers_nothing(bench: Bench):
    assert asyncio.run(client.ask(bench.paths, "status")) is None


def test_the_guest_never_sees_the_hosts_watchdog_nor_gets_more_rights_than_it_needs(bench: Bench):
    command = nspawn_command(bench.spec())
    at = command.index("systemd-nspawn")
    assert command[: at - 2] == ["setpriv", "--pdeathsig", "KILL", "--"]
    assert command[at - 2 : at] == ["enter", "--"]
    options = command[at + 1 :]
    binds = [option for option in options if option.startswith(("--bind", "--overlay", "--tmpfs"))]
    assert binds == [
        "--bind=/mounts/data:/var/lib/postgresql",
        f"--bind={bench.paths.watchdog}:/dev/watchdog",
    ]
    assert "--directory=/mounts/root" in options
    assert not bench.paths.watchdog.is_relative_to("/dev")
    assert [option for option in options if "capability" in option] == ["--capability=CAP_IPC_LOCK"]
    assert not any("sysrq" in option or "/proc" in option or "/sys" in option for option in options)
    assert "--network-bridge=br0" in options
    assert all(option.startswith("--") for option in options)
