"""What PostgreSQL's programs are told, and what is left when one of them fails."""

import asyncio
import re
import subprocess
from pathlib import Path

import pytest

from tuchanka.errors import CommandFailed
from tuchanka.instance_paths import InstancePaths
from tuchanka.postgres.base_backup import SWAP, base_backup
from tuchanka.postgres.psql import psql
from tuchanka.postgres.recover import recover
from tuchanka.postgres.rewind import rewind
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeMachine, FakeProvider, Script, Step

PATHS = InstancePaths(17, "krogan2")
POSTGRES = Path(__file__).parents[2] / "src" / "tuchanka" / "postgres"


def machine(script: Script = (), name: str = "tuchanka2a") -> FakeMachine:
    made = FakeProvider(script).machine(name)
    made.on = True
    return made


def failing(program: str) -> Script:
    return [(program, CommandFailed("tuchanka2a", program, 1, "it did not work"))]


def names(commands: list[str]) -> list[str]:
    """Each command by its program and verb."""
    return [" ".join(Path(word).name for word in command.split()[:2]) for command in commands]


def test_nothing_of_postgresql_itself_knows_a_stack_or_a_lab():
    for module in POSTGRES.glob("*.py"):
        # The rendered configuration still takes the stack's timeouts.
        if module.name != "config.py":
            assert not re.search(r"import.*\btuchanka\.(stacks|lab)|from tuchanka\.(stacks|lab)", module.read_text())


def test_statements_come_by_standard_input_and_as_the_servers_user():
    asked: list[Step] = []

    def answer(step: Step) -> Completed:
        asked.append(step)
        return Completed(0, "1\n", "")

    done = asyncio.run(psql(machine(answer), 5433, "select 'secret'", database="heartbeat"))
    (step,) = asked
    assert (done.stdout, step.stdin, step.user) == ("1\n", "select 'secret'", "postgres")
    assert "secret" not in step.what
    assert "-p 5433 -d heartbeat" in step.what


def test_a_recovery_ends_with_a_stopped_standby():
    node = machine()
    asyncio.run(recover(node, PATHS))
    commands = node.provider.commands()
    assert commands[0] == f"touch {PATHS.data}/standby.signal"
    assert names(commands[1:]) == ["pg_ctl stop", "pg_ctl start", "pg_ctl stop"]


def test_a_recovery_that_fails_leaves_no_server():
    node = machine(failing("pg_ctl start"))
    with pytest.raises(CommandFailed):
        asyncio.run(recover(node, PATHS))
    assert names(node.provider.commands())[-1] == "pg_ctl stop"


@pytest.mark.parametrize("fails", [False, True])
def test_after_a_rewind_neither_role_nor_password_is_left(fails: bool):
    node, source = machine(failing("pg_rewind") if fails else ()), machine(name="tuchanka2b")
    work = rewind(node, source, PATHS, address="192.168.89.12", port=5432)
    if fails:
        with pytest.raises(CommandFailed):
            asyncio.run(work)
    else:
        asyncio.run(work)
    commands = node.provider.commands()
    assert f"rm -f {PATHS.rewinder}" in commands
    # The mark says that the data may be half changed, and goes only with success.
    assert any(f"rm -f {PATHS.rewinding}" in command for command in commands) is not fails
    statements = [step.stdin for step in source.provider.steps if step.verb == "run"]
    assert ["create role" in one for one in statements] == [True, False]
    assert "drop role" in statements[-1]


def test_a_base_backup_that_fails_touches_no_data():
    node = machine(failing("pg_basebackup"))
    with pytest.raises(CommandFailed):
        asyncio.run(base_backup(node, PATHS, "192.168.89.12", 5432))
    assert names(node.provider.commands()) == ["rm -rf", "pg_basebackup -d"]


@pytest.mark.parametrize("data", [None, "half rewound"])
@pytest.mark.parametrize("old", [None, "precious"])
def test_the_copy_takes_the_place_of_the_data_and_the_oldest_data_is_kept(
    tmp_path: Path, data: str | None, old: str | None
):
    folders = [tmp_path / name for name in ("data", "data.copying", "data.old", "data.rewinding")]
    for folder, content in zip(folders, (data, "new", old, None), strict=True):
        if content:
            folder.mkdir()
            (folder / "content").write_text(content)
    folders[3].touch()
    subprocess.run(["sh", "-c", SWAP, "sh", *folders], check=True)
    found = {path.name: (path / "content").read_text() for path in tmp_path.iterdir()}
    kept = old or data
    assert found == {"data": "new"} | ({"data.old": kept} if kept else {})
