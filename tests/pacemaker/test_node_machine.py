"""The machine that a node is to itself."""

import asyncio

import pytest

from tuchanka.errors import CommandFailed, TuchankaError
from tuchanka.providers.base import Completed
from tuchanka.stacks.pacemaker.restore.node_machine import ThisMachine


def test_this_machine_runs_commands_and_says_how_they_ended():
    machine = ThisMachine("here")
    done = asyncio.run(machine.run(["sh", "-c", "cat; pwd; echo oops >&2"], stdin=b"in "))
    assert done == Completed(0, "in /\n", "oops\n")
    with pytest.raises(CommandFailed, match=r"^here: 'false' ended with status 1"):
        asyncio.run(machine.run(["false"]))
    assert asyncio.run(machine.run(["false"], check=False)).status == 1
    with pytest.raises(TuchankaError, match="'sleep' had not ended after"):
        asyncio.run(machine.run(["sleep", "60"], timeout=0.05))
    with pytest.raises(TuchankaError, match="can't be run"):
        asyncio.run(machine.run(["/nonexistent"]))
