import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tuchanka.errors import CommandFailed, DeadlineExceeded, LabError, MachineError, UnknownName
from tuchanka.files import File
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeMachine, FakeProvider, Step

Verb = Callable[[FakeMachine], Coroutine[Any, Any, object]]


def with_machine(provider: FakeProvider, *verbs: Verb) -> FakeMachine:
    machine = provider.machine("a")

    async def work() -> None:
        for verb in verbs:
            await verb(machine)

    asyncio.run(work())
    return machine


def put(path: str, text: str) -> Verb:
    return lambda machine: machine.put({path: File(text)})


def test_it_is_the_same_machine_every_time_it_is_asked_for():
    provider = FakeProvider()
    assert provider.machine("a") is provider.machine("a")
    assert provider.machine("a") is not provider.machine("b")


def test_commands_are_recorded_and_answered_by_the_first_pattern_that_fits():
    script = [("^a psql", Completed(0, "1\n", "")), ("psql", Completed(0, "2\n", "")), ("gone", MachineError("gone"))]
    provider = FakeProvider(script)

    async def work() -> None:
        for name, expected in (("a", "1\n"), ("b", "2\n")):
            machine = provider.machine(name)
            await machine.power_on()
            assert (await machine.run(["psql", "-f", "-"], stdin=b"select 1", user="postgres")).stdout == expected
        assert (await provider.machine("b").run(["true"])) == Completed(0, "", "")
        with pytest.raises(MachineError, match="gone"):
            await provider.machine("b").run(["gone"])

    asyncio.run(work())
    assert provider.commands() == ["psql -f -", "psql -f -", "true", "gone"]
    assert provider.commands("a") == ["psql -f -"]
    assert provider.steps[1] == Step("a", "run", "psql -f -", "select 1", "postgres")


def test_a_callable_may_answer_and_a_bad_status_is_an_error_where_it_is_checked():
    def script(step: Step) -> Completed | None:
        return Completed(7, "", "no such thing") if "bad" in step.what else None

    provider = FakeProvider(script)

    async def work() -> None:
        machine = provider.machine("a")
        await machine.power_on()
        assert (await machine.run(["bad"], check=False)).status == 7
        assert (await machine.run(["good"])).status == 0
        with pytest.raises(CommandFailed, match="a: 'bad' ended with status 7: no such thing"):
            await machine.run(["bad"])

    asyncio.run(work())


def test_a_scripted_deadline_passes():
    provider = FakeProvider([(".", DeadlineExceeded("too long"))])
    with pytest.raises(DeadlineExceeded):
        with_machine(provider, lambda one: one.power_on(), lambda one: one.run(["sleep"], timeout=1))


@pytest.mark.parametrize(
    "verb",
    [
        lambda one: one.run(["true"]),
        lambda one: one.command(["true"]),
        lambda one: one.get("/f"),
        put("/f", ""),
        lambda one: one.reset(),
        lambda one: one.pause(),
        lambda one: one.hang_disk(),
    ],
)
def test_a_machine_that_is_off_does_nothing(verb: Verb):
    with pytest.raises(MachineError, match="is off"):
        with_machine(FakeProvider(), verb)


def test_what_was_put_can_be_got_and_the_rest_is_up_to_the_script():
    provider = FakeProvider([("cat -- /made", Completed(0, "by a command", ""))])

    async def work() -> None:
        machine = provider.machine("a")
        await machine.power_on()
        await machine.put({"/f": File("text")})
        assert await machine.get("/f") == b"text"
        assert await machine.get("/made") == b"by a command"
        with pytest.raises(CommandFailed, match="No such file"):
            await machine.get("/gone")

    asyncio.run(work())


def test_snapshots_hold_the_files_and_a_rollback_forgets_the_later_ones():
    def on(machine: FakeMachine) -> Coroutine[Any, Any, object]:
        return machine.power_on()

    def off(machine: FakeMachine) -> Coroutine[Any, Any, object]:
        return machine.power_off()

    provider = FakeProvider()
    machine = with_machine(provider, on, put("/f", "1"), off, lambda one: one.snapshot("one"))
    with_machine(provider, on, put("/f", "2"), off, lambda one: one.snapshot("two"))
    assert machine.snapshots() == ("one", "two")
    with_machine(provider, lambda one: one.rollback("one"))
    assert machine.snapshots() == ("one",)
    assert machine.files["/f"].content == "1"
    with pytest.raises(UnknownName, match=r"'two'.*choose from: one"):
        with_machine(provider, lambda one: one.rollback("two"))
    with_machine(provider, lambda one: one.rollback(None))
    assert (machine.snapshots(), machine.files) == ((), {})


@pytest.mark.parametrize("verb", [lambda one: one.snapshot("s"), lambda one: one.rollback(None)])
def test_the_disk_of_a_machine_that_is_on_stays_as_it_is(verb: Verb):
    with pytest.raises(LabError, match="is on"):
        with_machine(FakeProvider(), lambda one: one.power_on(), verb)


def test_power_and_link_say_when_they_went_and_the_link_stays_as_set_whatever_happens():
    ticks = iter(range(10))
    provider = FakeProvider(clock=lambda: float(next(ticks)))

    async def work() -> None:
        machine = provider.machine("a")
        assert await machine.watchdog() == "absent"
        await machine.power_on()
        await machine.power_on()
        machine.armed = True
        assert (machine.boots, await machine.power_state(), await machine.watchdog()) == (1, "on", "armed")
        times = [await machine.link(up=False), await machine.reset(), await machine.power_off()]
        assert times == [0.0, 1.0, 2.0]
        assert (machine.link_up, machine.boots, await machine.power_state()) == (False, 2, "off")
        await machine.power_on()
        assert (machine.link_up, await machine.watchdog()) == (False, "disarmed")
        await machine.power_off()
        await machine.link(up=True)
        assert machine.link_up

    asyncio.run(work())


def test_a_frozen_machine_answers_nothing_until_it_is_thawed_or_loses_its_power():
    ticks = iter(range(10))
    provider = FakeProvider(clock=lambda: float(next(ticks)))

    async def work() -> None:
        machine = provider.machine("a")
        await machine.resume()
        await machine.power_on()
        assert (await machine.pause(), await machine.paused()) == (1.0, True)
        with pytest.raises(DeadlineExceeded, match="'true' had not ended after 2 s"):
            await machine.run(["true"], timeout=2)
        with pytest.raises(MachineError, match="is frozen"):
            await machine.shut_down()
        assert await machine.resume() == 2.0
        await machine.run(["true"])
        for ends_it in (machine.reset, machine.power_on):
            await machine.stall()
            await ends_it()
            assert not await machine.paused()
        await machine.pause()
        await machine.power_off()
        assert not await machine.paused()

    asyncio.run(work())


def test_an_interrupted_step_has_no_effect():
    def before(step: Step) -> None:
        if step.verb == "put":
            raise KeyboardInterrupt

    provider = FakeProvider(before=before)
    with pytest.raises(KeyboardInterrupt):
        with_machine(provider, lambda one: one.power_on(), put("/f", ""))
    assert [str(step) for step in provider.steps] == ["a power_on"]
    assert provider.machine("a").files == {}
