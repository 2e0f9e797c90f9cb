"""Which processes a fault chooses, and what it makes of the answers."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.faults.described import target_of
from tuchanka.errors import MachineError
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.processes import programs
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider, Step

FREEZE = CATALOGUE["freeze-postgres"]
FOUND = Completed(0, "7 0.5\n", "")


def chosen(step: Step) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(step.what.split(maxsplit=3)[3])
    return found


def test_every_program_is_killed_and_frozen():
    assert [fault.name for fault in CATALOGUE.values() if fault.family == "processes"] == [
        f"{verb}-{program.name}" for program in programs() for verb in ("kill", "freeze")
    ]


def test_only_the_watched_instance_is_hit_and_every_one_without(tmp_path: Path):
    provider = FakeProvider([("python3", FOUND)])
    watched = target_of(tmp_path, provider, "tuchanka1", "tuchanka1a", "krogan1b")
    asyncio.run(FREEZE.apply(watched))
    asyncio.run(FREEZE.apply(target_of(tmp_path, provider, "tuchanka1", "tuchanka1a", None)))
    one, every = [chosen(step) for step in provider.steps if step.verb == "run"]
    assert [choice["folder"] for choice in one] == ["/var/lib/postgresql/17/krogan1b"]
    assert len(every) > 1
    assert one[0] in every


def test_when_it_took_effect(tmp_path: Path):
    provider = FakeProvider([("python3", FOUND)])
    target = target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", "krogan2")

    async def measured() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        return await FREEZE.apply(target), loop.time()

    moment, after = asyncio.run(measured())
    assert 0.5 <= after - moment < 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Completed(3, "", ""), "tuchanka2a: no process to freeze: all processes of the instance"),
        (Completed(4, "", ""), "tuchanka2a: can't freeze processes: one would not stop"),
        (Completed(1, "", "Traceback\nOSError: no"), "OSError: no"),
    ],
)
def test_what_cannot_be_hit_is_said(tmp_path: Path, answer: Completed, words: str):
    provider = FakeProvider([("python3", answer)])
    with pytest.raises(MachineError, match=words):
        asyncio.run(FREEZE.apply(target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", "krogan2")))


def test_healing_wakes_all_that_is_on(tmp_path: Path):
    provider = FakeProvider([("python3", Completed(0, "0 0\n", ""))])
    target = target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", "krogan2")
    asyncio.run(FREEZE.heal(target))
    (step,) = [step for step in provider.steps if step.verb == "run"]
    assert {choice["program"] for choice in chosen(step)} >= {"/usr/sbin/sbd", "/usr/sbin/corosync"}
    asyncio.run(target.machines[0].power_off())
    provider.steps.clear()
    asyncio.run(FREEZE.heal(target))
    assert provider.commands() == []
