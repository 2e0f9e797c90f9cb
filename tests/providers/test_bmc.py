"""Virtual BMCs: what one is told, what it answers, and how it fails. No ipmi_sim is started here."""

import asyncio
import json
import socket
import stat
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.errors import MachineError
from tuchanka.providers.base import BmcBehaviour, Cut, bmc_of
from tuchanka.providers.bmc import control, daemon
from tuchanka.providers.bmc.behaviour import State, answer, orders, parsed
from tuchanka.providers.bmc.daemon import Daemon
from tuchanka.providers.bmc.render import CHASSIS, configuration
from tuchanka.providers.bmc.spec import Spec
from tuchanka.providers.bridge.network import interface
from tuchanka.providers.bridge.traffic import render
from tuchanka.providers.fake import FakeProvider
from tuchanka.topology.load import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "fencing.toml"


class Bench:
    """The daemon's socket with two machines behind it; no BMC is started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.provider = FakeProvider()
        addresses = {"a": "192.0.2.11/24", "b": "192.0.2.12/24"}
        for name in addresses:
            (folder / name).mkdir(exist_ok=True)
        self.daemon = Daemon(Spec(str(folder), "", 3, str(folder), addresses), self.provider)

    def run(self, work: Callable[["Bench"], Awaitable[None]]) -> None:
        async def all_of_it() -> None:
            for name in ("a", "b"):
                await self.provider.machine(name).power_on()
            server = await asyncio.start_unix_server(self.daemon.serve, self.folder / "socket")
            try:
                await work(self)
            finally:
                server.close()

        asyncio.run(all_of_it())

    async def ask(self, words: str, machine: str = "a") -> str | None:
        return await control.ask(self.folder, machine, words)

    async def on(self, machine: str) -> bool:
        return await self.provider.machine(machine).power_state() == "on"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_orders_are_matters_of_power_and_answers_name_what_was_asked():
    assert orders(["power", "0", "boot", "5"]) == ("power-off",)
    assert orders(["power", "1"]) == ("power-on",)
    assert orders(["reset", "1", "shutdown", "1"]) == ("reset",)
    assert answer(["power", "reset"], on=True) == "power:1 reset:0"
    assert answer(["power"], on=False) == "power:0"


def test_one_that_works_tells_and_switches(bench: Bench):
    async def work(bench: Bench) -> None:
        assert await bench.ask("get power") == "ok power:1"
        assert await bench.ask("set power 0") == "ok"
        assert not await bench.on("a")
        assert await bench.ask("get power") == "ok power:0"
        assert await bench.on("b")
        assert await bench.ask("set power 1") == "ok"
        assert await bench.on("a")

    bench.run(work)


@pytest.mark.parametrize(
    ("behaviour", "before", "told", "after"),
    [
        ("refuses", "ok power:1", "no", "ok power:1"),
        ("lies", "ok power:1", "ok", "ok power:0"),
        ("forgot", "ok power:0", "ok", "ok power:0"),
    ],
)
def test_one_that_fails_leaves_the_machine_on(
    bench: Bench, behaviour: BmcBehaviour, before: str, told: str, after: str
):
    async def work(bench: Bench) -> None:
        await control.behave(bench.folder, "a", behaviour, "")
        assert await control.behaviour(bench.folder, "a") == behaviour
        assert await bench.ask("get power") == before
        assert await bench.ask("set power 0") == told
        assert await bench.ask("get power") == after
        assert await bench.on("a")
        # A liar that works again tells the truth.
        await control.behave(bench.folder, "a", "works", "")
        assert await bench.ask("get power") == "ok power:1"

    bench.run(work)


def test_the_one_that_is_wired_to_another_machine_tells_and_switches_that(bench: Bench):
    async def work(bench: Bench) -> None:
        await control.behave(bench.folder, "a", "wrong node", "b")
        assert await bench.ask("set power 0") == "ok"
        assert (await bench.on("a"), await bench.on("b")) == (True, False)
        assert await bench.ask("get power") == "ok power:0"

    bench.run(work)


def test_a_slow_one_s_order_is_dropped_when_it_works_again(bench: Bench):
    async def work(bench: Bench) -> None:
        await control.behave(bench.folder, "a", "slow", "")
        waiting = asyncio.create_task(bench.ask("set power 0"))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await control.behave(bench.folder, "a", "works", "")
        assert await waiting == "no"
        assert await bench.on("a")

    bench.run(work)


def test_how_it_behaves_outlives_the_daemon(bench: Bench):
    async def work(bench: Bench) -> None:
        await control.behave(bench.folder, "a", "lies", "")
        await bench.ask("set power 0")

    bench.run(work)
    assert Bench(bench.folder).daemon.bmcs["a"].state == State("a", "lies", told_off=True)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a",
        "c get power",
        "a behave {}",
        "a behave nonsense",
        "a behave [1]",
        "a behave 1",
        "a switch power 0",
        "a\x00 set power 0",
        "\xff",
    ],
)
def test_a_bad_request_harms_nothing(bench: Bench, line: str):
    async def work(bench: Bench) -> None:
        reader, writer = await asyncio.open_unix_connection(bench.folder / "socket")
        writer.write(line.encode() + b"\n")
        assert await asyncio.wait_for(reader.readline(), 5) in {b"", b"no\n"}
        writer.close()
        assert await bench.ask("get power") == "ok power:1"

    bench.run(work)


@pytest.mark.parametrize(
    "told",
    [
        {"machine": "c"},
        {"machine": []},
        {"machine": "a", "behaviour": "sulks"},
        {"machine": "a", "behaviour": ["off"]},
        {"machine": "a", "behaviour": "off", "more": 1},
        {"behaviour": "off"},
    ],
)
def test_what_is_no_behaviour_is_not_kept(bench: Bench, told: dict[str, object]):
    async def work(bench: Bench) -> None:
        assert await bench.ask(f"behave {json.dumps(told)}") == ""
        assert await control.behaviour(bench.folder, "a") == "works"

    bench.run(work)
    assert list((bench.folder / "a").iterdir()) == []


@pytest.mark.parametrize("other", [None, "c"])
def test_a_wrong_machine_has_to_be_one(bench: Bench, other: str | None):
    async def work(bench: Bench) -> None:
        with pytest.raises(MachineError, match="has no BMC that answers"):
            await control.behave(bench.folder, "a", "wrong node", other or "")

    bench.run(work)


def test_reset_cuts_the_power_and_leaves_the_machine_on(bench: Bench):
    async def work(bench: Bench) -> None:
        assert await bench.ask("set reset 1") == "ok"
        assert await bench.on("a")

    bench.run(work)
    assert [str(step) for step in bench.provider.steps].count("a reset") == 1


def test_matters_that_are_not_power_switch_nothing(bench: Bench):
    async def work(bench: Bench) -> None:
        for words in ("shutdown 1", "boot 5", "identify 10", "power 2"):
            assert await bench.ask(f"set {words}") == "ok"
        assert await bench.on("a")
        assert await bench.ask("get reset shutdown") == "ok reset:0 shutdown:0"

    bench.run(work)


def test_one_bmc_s_failure_is_its_own(bench: Bench):
    async def work(bench: Bench) -> None:
        await control.behave(bench.folder, "a", "slow", "")
        waiting = asyncio.create_task(bench.ask("get power"))
        assert await bench.ask("get power", "b") == "ok power:1"
        assert await control.behaviour(bench.folder, "b") == "works"
        # The state is told at once: it is a question of the lab, not one by IPMI.
        assert await control.behaviour(bench.folder, "a") == "slow"
        assert not waiting.done()
        await control.behave(bench.folder, "a", "works", "")
        assert await waiting == "no"

    bench.run(work)


def test_a_late_order_of_a_slow_one_is_carried_out_in_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(daemon, "SLOW_S", 0.05)

    async def work(bench: Bench) -> None:
        await control.behave(bench.folder, "a", "slow", "")
        assert await bench.ask("set power 0") == "ok"
        assert not await bench.on("a")

    bench.run(work)


@given(
    st.sampled_from(get_args(BmcBehaviour)),
    st.booleans(),
    st.lists(st.sampled_from(["power", "reset", "shutdown", "boot", "0", "1", "2"])),
)
def test_words_in_any_order_make_orders_and_states_come_back_from_json(
    behaviour: BmcBehaviour, told_off: bool, words: list[str]
):
    assert len(orders(words)) <= len(words) // 2
    state = State("a", behaviour, told_off)
    assert parsed(json.dumps(asdict(state)), {"a"}) == state
    # None says "on" of a machine that is off.
    assert state.answers in {None, False}


def test_a_daemon_that_ends_before_it_answers_is_none(tmp_path: Path):
    async def work() -> None:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "socket"))
            listening.listen()
            listening.setblocking(False)
            asked = asyncio.create_task(control.ask(tmp_path, "a", "state"))
            connection, _ = await asyncio.get_running_loop().sock_accept(listening)
            await asyncio.sleep(0.1)
            connection.close()  # unread: the other end is told of a reset
            assert await asked is None

    asyncio.run(work())


def test_the_program_that_ipmi_sim_calls_fails_without_a_daemon(tmp_path: Path):
    done = subprocess.run(
        ["perl", CHASSIS, tmp_path / "socket", "a", "get", "power"], capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0, done.stdout) == (True, "")
    assert str(tmp_path / "socket") in done.stderr


def test_the_program_that_ipmi_sim_calls_passes_words_on(bench: Bench):
    async def work(bench: Bench) -> None:
        async def called(*words: str) -> tuple[int, str]:
            process = await asyncio.create_subprocess_exec(
                "perl", CHASSIS, bench.folder / "socket", "a", *words, stdout=subprocess.PIPE
            )
            stdout, _ = await process.communicate()
            return process.returncode or 0, stdout.decode()

        assert await called("get", "power", "reset") == (0, "power:1\nreset:0\n")
        assert await called("set", "power", "0") == (0, "")
        assert not await bench.on("a")
        await control.behave(bench.folder, "a", "refuses", "")
        assert (await called("set", "power", "1"))[0] != 0

    bench.run(work)


def test_without_a_daemon_a_bmc_has_no_power_and_nothing_can_be_told(tmp_path: Path):
    assert asyncio.run(control.behaviour(tmp_path, "a")) == "off"
    with pytest.raises(MachineError, match="has no BMC that answers"):
        asyncio.run(control.behave(tmp_path, "a", "off", ""))


def test_the_configuration_has_one_user_with_a_password_and_no_other():
    text = configuration("a", "192.0.2.11", "secret-1", Path("/run/socket"))
    users = [line.split() for line in text.splitlines() if line.strip().startswith("user ")]
    assert users == [["user", "2", "true", '"fence"', '"secret-1"', "admin", "10", "md5"]]
    assert "addr 192.0.2.11 623" in text
    assert "none" not in text
    assert f"{CHASSIS} /run/socket a" in text


def test_a_password_is_made_once_for_root_alone(tmp_path: Path):
    file = tmp_path / "new" / "bmc.password"
    made = control.password(file)
    assert control.password(file) == made
    assert len(made) == 16  # IPMI 2.0 takes 20
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made != control.password(tmp_path / "other")


def test_addresses_are_those_of_the_nodes_that_have_one():
    assert control.addresses(load(None)) == {}
    found = control.addresses(load(EXAMPLE))
    assert found["tuchanka2a"] == "192.168.93.211/24"
    assert len(found) == 6


def test_a_bmc_can_be_cut_off_like_a_machine():
    assert (interface("a"), interface(bmc_of("a"))) == ("vb-a", "bm-a")
    assert 'iifname "vb-b" oifname "bm-a" drop' in render("x", [Cut("b", bmc_of("a"))])


def test_every_behaviour_is_one_of_json_s_words():
    for behaviour in get_args(BmcBehaviour):
        assert State(**json.loads(json.dumps({"machine": "a", "behaviour": behaviour}))).behaviour == behaviour
