"""Which data is lost, locked and damaged, and what puts it right."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.described import target_of
from tuchanka.errors import LabError, MachineError
from tuchanka.faults import storage
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.storage import table_corrupted
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider, Step

DATA = "/var/lib/postgresql/17/"


def test_only_the_watched_instance_is_hit_and_every_one_of_the_node_without(tmp_path: Path):
    provider = FakeProvider()
    for instance in ("krogan1a", None):
        asyncio.run(
            CATALOGUE["pgdata-lost"].apply(target_of(tmp_path, provider, "tuchanka1", "tuchanka1a", instance))
        )
    assert provider.commands() == [
        f'sh -c rm -rf "$@" data {DATA}krogan1a',
        f'sh -c rm -rf "$@" data {DATA}krogan1a {DATA}krogan1b',
    ]


class Copy:
    """Answers psql as the primary does, and reads a damaged page as ``damage`` says."""

    def __init__(self, damage: Completed) -> None:
        self.damage = damage
        self.damaged = False

    def __call__(self, step: Step) -> Completed | None:
        self.damaged = self.damaged or "dd if=" in step.what
        answers = {
            "SELECT pg_is_in_recovery()": Completed(0, "f\n", ""),
            table_corrupted.WHERE: Completed(0, "base/1/2\n", ""),
            table_corrupted.READ: self.damage if self.damaged else Completed(0, "1500\n", ""),
        }
        return answers.get(step.stdin)


def test_a_table_is_damaged_and_reading_it_says_so(tmp_path: Path):
    provider = FakeProvider(Copy(Completed(3, "", "ERROR:  invalid page in block 1 of relation base/1/2")))
    asyncio.run(
        CATALOGUE["table-corrupted"].apply(target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", "krogan2"))
    )
    (damage,) = [command for command in provider.commands() if "dd if=" in command]
    assert f"of='{DATA}krogan2/base/1/2'" in damage


def test_damage_that_nobody_notices_is_an_error(tmp_path: Path):
    provider = FakeProvider(Copy(Completed(0, "1500\n", "")))
    with pytest.raises(MachineError, match="krogan2 reads a damaged table as if it were sound"):
        asyncio.run(
            CATALOGUE["table-corrupted"].apply(target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", "krogan2"))
        )


def test_without_a_primary_there_is_no_table(tmp_path: Path):
    provider = FakeProvider([("psql", Completed(2, "", "refused"))])
    with pytest.raises(LabError, match="krogan2 has no primary"):
        asyncio.run(
            CATALOGUE["table-corrupted"].apply(target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", "krogan2"))
        )


def test_healing_makes_data_writable_and_drops_the_table_on_the_primary(tmp_path: Path):
    provider = FakeProvider(
        lambda step: Completed(0, "f\n" if step.machine == "tuchanka2b" else "t\n", "") if step.user else None
    )
    target = target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", None)
    provider.machine("tuchanka2b").on = True
    asyncio.run(storage.heal(target))
    first = provider.commands("tuchanka2a")[0]
    assert "chattr -i" in first
    assert f"{DATA}krogan2" in first
    assert [step.machine for step in provider.steps if step.stdin == storage.DROP_TABLE] == ["tuchanka2b"]


@pytest.mark.parametrize(("machine", "on"), [("tuchanka2a", False), ("witness", True)])
def test_a_machine_that_is_off_and_the_witness_have_nothing_to_heal(tmp_path: Path, machine: str, on: bool):
    provider = FakeProvider()
    target = target_of(tmp_path, provider, "tuchanka2", machine, None)
    provider.machine(machine).on = on
    asyncio.run(storage.heal(target))
    assert provider.commands() == []
