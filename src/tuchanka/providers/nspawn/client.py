"""Starts a machine's supervisor and speaks to it."""

import asyncio
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.providers import layers
from tuchanka.providers.bridge.network import BRIDGE
from tuchanka.providers.nspawn import cgroups, disks
from tuchanka.providers.nspawn.paths import LabPaths, MachinePaths
from tuchanka.providers.nspawn.supervisor import Spec
from tuchanka.topology.types import Limits
from tuchanka.waiting import wait_until

ANSWER_S = 10.0
START_S = 20.0


async def ask(paths: MachinePaths, verb: str, **arguments: object) -> dict[str, Any] | None:
    """Send one request to the supervisor; ``None`` if there is none, which means that the machine is off."""
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_unix_connection(paths.control), timeout=ANSWER_S)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    try:
        writer.write(json.dumps({"verb": verb, **arguments}).encode() + b"\n")
        answer = await asyncio.wait_for(reader.readline(), timeout=ANSWER_S)
    except ConnectionError:  # it ended while it was asked
        return None
    except TimeoutError as error:
        raise MachineError(
            f"the supervisor did not answer {verb!r} within {ANSWER_S:g} s",
            where=paths.disk.name,
            hint=f"see {paths.log}",
        ) from error
    finally:
        writer.close()
    result: dict[str, Any] | None = json.loads(answer) if answer else None
    return result


async def end(group: str, disk: Path) -> None:
    """Kill everything in the group, also what waits for a disk (below that folder) that a supervisor left hanging.

    Raises:
        DeadlineExceeded: something doesn't end.
    """
    try:
        await cgroups.kill(group)
    except DeadlineExceeded:
        disks.thaw_abandoned(disk)
        await cgroups.kill(group)


async def start(lab: LabPaths, name: str, base: Path, limits: Limits, watchdog_s: float) -> None:
    """Start the supervisor of a machine that is off, and wait until the machine has its first process."""
    paths, machine_disks = lab.machine(name), disks.disks(base, limits)
    paths.run.mkdir(parents=True, exist_ok=True, mode=0o700)
    whole, supervisors = f"{lab.group}/{name}", f"{lab.group}/supervisors/{name}"
    machine, commands = f"{whole}/machine", f"{whole}/exec"
    for group in (machine, commands, supervisors):
        cgroups.make(group)
    for group in (whole, supervisors):
        await end(group, paths.disk)  # what a supervisor that was killed has left behind
    await disks.released(paths.disk)
    layers.prepare(paths.disk, partial(disks.make_layer, machine_disks))
    cgroups.limit(whole, limits)
    # nspawn itself stays awake: it is no part of the machine. It puts the machine into the group "payload".
    freezable = (cgroups.freezable(group) for group in (f"{machine}/payload", commands))
    spec = Spec(
        name=name,
        disks=disks.chains(machine_disks, layers.layers(paths.disk)),
        mounts=str(paths.mounts),
        namespace=str(lab.namespace_file),
        bridge=BRIDGE,
        watchdog=str(paths.watchdog),
        watchdog_s=watchdog_s,
        control=str(paths.control),
        console=str(paths.console),
        log=str(paths.log),
        enter=cgroups.entering(machine, []),
        unlinked=str(paths.unlinked),
        watchdog_fails=str(paths.watchdog_fails),
        freezable=[str(group) for group in freezable if group],
    )
    spec_file = paths.run / "spec.json"
    spec_file.write_text(spec.to_json())
    supervisor = [sys.executable, "-m", "tuchanka.providers.nspawn.supervisor", str(spec_file)]
    with paths.log.open("ab") as log:
        # It outlives this process: in a session of its own, and no child of anyone here.
        starter = await asyncio.create_subprocess_exec(
            *cgroups.entering(supervisors, ["setsid", "--fork", *supervisor]),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
        )
        await asyncio.wait_for(starter.wait(), timeout=ANSWER_S)

    async def has_leader() -> bool:
        status = await ask(paths, "status")
        return bool(status and status["leader"])

    await wait_until(
        has_leader,
        deadline_s=START_S,
        interval_s=0.05,
        what=f"the start of {name}",
        hint=f"see {paths.log} and {paths.console}",
    )
