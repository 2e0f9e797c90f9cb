"""Starts a lab's BMC daemon and speaks to it."""

import asyncio
import json
import secrets
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from tuchanka.errors import MachineError
from tuchanka.providers.base import BmcBehaviour
from tuchanka.providers.bmc.behaviour import State
from tuchanka.providers.bmc.spec import Spec
from tuchanka.topology.types import Topology
from tuchanka.waiting import wait_until
from tuchanka.writing import write_atomically

ANSWER_S = 5.0
START_S = 20.0
STATE_FILE = "state.json"
"""What keeps how a BMC behaves, for the next daemon."""
PASSWORD_BYTES = 12
"""16 letters: IPMI 2.0 takes at most 20 (ipmitool(1), ``-f``)."""


def addresses(topology: Topology) -> dict[str, str]:
    """Return machine → its BMC's address with the prefix length, of those that have one. Pure."""
    prefix = topology.network.subnet.prefixlen
    return {node: f"{address}/{prefix}" for node, address in topology.bmcs.items()}


def password(file: Path) -> str:
    """Return the password that the file keeps; made at the first call."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, secrets.token_urlsafe(PASSWORD_BYTES), mode=0o600)
    return file.read_text()


async def start(spec: Spec, enter: Sequence[str], log: Path) -> None:
    """Start the daemon, unless it answers; ``enter`` is put before it: the way into its groups and namespace."""
    run, some = Path(spec.run), next(iter(spec.addresses))

    async def answers() -> bool:
        return await ask(run, some, "state") is not None

    if await answers():
        return
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = run / "spec.json"
    write_atomically(file, json.dumps(asdict(spec)))
    for name in spec.addresses:
        (run / name).mkdir(exist_ok=True, mode=0o700)
    daemon = [sys.executable, "-m", "tuchanka.providers.bmc.daemon", str(file)]
    with log.open("ab") as output:
        starter = await asyncio.create_subprocess_exec(
            *(*enter, "setsid", "--fork", *daemon),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
        )
        await asyncio.wait_for(starter.wait(), timeout=ANSWER_S)
    await wait_until(answers, deadline_s=START_S, interval_s=0.05, what="the start of the BMCs", hint=f"see {log}")


async def ask(run: Path, machine: str, words: str) -> str | None:
    """Ask the daemon something about a machine's BMC and return its answer; ``None``: there is no daemon."""
    try:
        reader, writer = await asyncio.open_unix_connection(run / "socket")
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    try:
        writer.write(f"{machine} {words}\n".encode())
        line = await asyncio.wait_for(reader.readline(), timeout=ANSWER_S)
    except TimeoutError as error:
        raise MachineError(f"the BMC daemon did not answer {words!r} within {ANSWER_S:g} s", where=machine) from error
    except ConnectionError:  # it has just been ended
        return None
    finally:
        writer.close()
    return line.decode().strip()


async def behave(run: Path, machine: str, behaviour: BmcBehaviour, other: str) -> None:
    """Let the machine's BMC behave so. Without a daemon one that is to work will, when the next daemon starts it.

    Raises:
        MachineError: there is none.
    """
    state = State(other if behaviour == "wrong node" else machine, behaviour)
    said = await ask(run, machine, f"behave {json.dumps(asdict(state))}")
    if said is None and behaviour == "works":
        (run / machine / STATE_FILE).unlink(missing_ok=True)
    elif said != "ok":
        raise MachineError("has no BMC that answers", where=machine, hint="'tuchanka up' starts the lab's BMCs")


async def behaviour(run: Path, machine: str) -> BmcBehaviour:
    """Return how the machine's BMC behaves; without a daemon it has no power."""
    said = await ask(run, machine, "state")
    return next((one for one in get_args(BmcBehaviour) if said == f"ok {one}"), "off")
