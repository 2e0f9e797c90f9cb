"""What uses a machine's resources up, that it never reaches the host, and that it can be ended."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from tests.faults.described import target_of
from tuchanka.errors import LabError
from tuchanka.faults import resources
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.resources import cpu_starved, fork_bomb, memory_exhausted
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider

HEALED = Completed(0, "healed\n", "")


def test_what_uses_resources_up_is_a_unit_that_outlives_its_command(tmp_path: Path):
    provider = FakeProvider()
    target = target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", None)
    for name in ("fork-bomb", "memory-exhausted", "cpu-starved"):
        asyncio.run(CATALOGUE[name].apply(target))
    assert all(command.startswith("systemd-run --unit=tuchanka-") for command in provider.commands())
    assert len(provider.commands()) == len(resources.UNITS)


def test_a_disk_that_is_the_host_s_is_not_filled(tmp_path: Path):
    host = os.statvfs(tmp_path)
    provider = FakeProvider([("stat", Completed(0, f"{host.f_blocks} {host.f_frsize}\n", ""))])
    with pytest.raises(LabError, match="tuchanka2a: its data disk has no limit of its own"):
        asyncio.run(CATALOGUE["data-disk-full"].apply(target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", None)))
    assert [command.split()[0] for command in provider.commands()] == ["stat"]


@pytest.mark.parametrize(
    ("name", "file"),
    [("data-disk-full", "/var/lib/postgresql/.tuchanka-filler"), ("root-disk-full", "//.tuchanka-filler")],
)
def test_a_disk_of_its_own_is_filled(tmp_path: Path, name: str, file: str):
    provider = FakeProvider([("stat", Completed(0, "1000 4096\n", ""))])
    asyncio.run(CATALOGUE[name].apply(target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", None)))
    assert file in provider.commands()[1]


def test_healing(tmp_path: Path):
    provider = FakeProvider([("sh -c", HEALED)])
    target = target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", None)
    asyncio.run(resources.heal(target))
    (command,) = provider.commands()
    assert all(unit in command for unit in resources.UNITS)
    assert "/.tuchanka-filler /var" in command or "/var/lib/postgresql/.tuchanka-filler /.tuchanka-filler" in command
    asyncio.run(target.machines[0].power_off())
    provider.steps.clear()
    asyncio.run(resources.heal(target))
    assert provider.commands() == []


@pytest.mark.parametrize("name", ["data-disk-full", "root-disk-full"])
def test_a_disk_is_emptied_on_a_machine_that_was_fenced_meanwhile(tmp_path: Path, name: str):
    provider = FakeProvider([("sh -c", HEALED)])
    target = target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", None)
    asyncio.run(target.machines[0].power_off())
    provider.steps.clear()
    asyncio.run(CATALOGUE[name].heal(target))
    assert [step.verb for step in provider.steps] == ["power_on", "run"]
    assert ".tuchanka-filler" in provider.commands()[-1]


def test_a_machine_that_cannot_be_told_loses_power(tmp_path: Path):
    answers = [Completed(1, "", "sh: 1: Cannot fork"), HEALED]
    provider = FakeProvider(lambda step: answers.pop(0) if step.verb == "run" else None)
    asyncio.run(resources.heal(target_of(tmp_path, provider, "tuchanka2", "tuchanka2a", None)))
    assert [step.verb for step in provider.steps] == ["run", "power_off", "power_on", "run"]


@pytest.mark.parametrize("program", [cpu_starved.STARVE, resources.FEED])
def test_the_python_programs_compile(program: str):
    compile(program, "program", "exec")


def test_the_eater_is_a_shell_script():
    assert subprocess.run(["sh", "-n", "-c", memory_exhausted.EAT_MEMORY], check=False).returncode == 0


def test_the_bomb_compiles():
    done = subprocess.run(["perl", "-c", "-e", fork_bomb.FORK_BOMB], capture_output=True, text=True, check=False)
    assert "syntax OK" in done.stderr
