"""Faults of resources: a machine that has used up its processes, memory, disk or processor; never the host."""

import os
import shlex
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tuchanka.errors import DeadlineExceeded, LabError, MachineError
from tuchanka.faults.fault import Target
from tuchanka.providers.base import Machine, Power, Runner, make_ready
from tuchanka.waiting import together

# Units of the machine's own systemd: they outlive the command that started them, and can be found again.
UNITS = ("tuchanka-fork-bomb", "tuchanka-memory", "tuchanka-cpu")
FILLER = ".tuchanka-filler"
DISKS = {"data": "/var/lib/postgresql", "root": "/"}
"""A machine for services keeps its data there as well."""
STOP_S = 10.0
FILL_S = 120.0
NEEDS = (Runner.__name__, Power.__name__)


def confine(processors: str) -> str:
    """Return the program that puts everything in the machine on these processors (an expression of Python)."""
    return f"""\
import os
processors = {processors}
for pid in filter(str.isdigit, os.listdir("/proc")):
    for thread in os.listdir(f"/proc/{{pid}}/task") if os.path.exists(f"/proc/{{pid}}/task") else ():
        try:
            os.sched_setaffinity(int(thread), processors)
        except (ProcessLookupError, PermissionError):
            pass
"""


FEED = confine("range(os.cpu_count())")


@dataclass(frozen=True, slots=True)
class Unit:
    """What systemd is to run: the unit's name, its properties, the command."""

    name: str
    properties: tuple[str, ...]
    command: tuple[str, ...]


def start(of: Callable[[Target], Unit]) -> Callable[[Target], Awaitable[float]]:
    """Return the function that starts the unit on every machine of a target, and says when the first one ran."""

    async def act(target: Target) -> float:
        unit = of(target)

        async def one(machine: Machine) -> float:
            properties = [f"--property={text}" for text in (*unit.properties, "KillSignal=SIGKILL")]
            # Dollars in the command are perl's and the shell's, not systemd's.
            how = ["--collect", "--quiet", "--service-type=exec", "--expand-environment=no"]
            options = [f"--unit={unit.name}", *how, *properties]
            await machine.run(["systemd-run", *options, "--", *unit.command], timeout=STOP_S)
            return time.monotonic()

        return min(await together(*(one(machine) for machine in target.machines)))

    return act


def fill(disk: str) -> Callable[[Target], Awaitable[float]]:
    """Return the function that fills a disk of every machine of a target, and says when the first one was full."""

    async def act(target: Target) -> float:
        host = os.statvfs(target.lab.path)

        async def one(machine: Machine) -> float:
            size = await machine.run(["stat", "--file-system", "--format=%b %S", DISKS[disk]])
            blocks, block_size = (int(number) for number in size.stdout.split())
            if blocks * block_size == host.f_blocks * host.f_frsize:
                raise LabError(
                    f"its {disk} disk has no limit of its own: filling it would fill this host's",
                    where=machine.name,
                    hint="make the lab again with 'tuchanka destroy' and 'tuchanka up'",
                )
            await machine.run(["sh", "-c", _filling(f"{DISKS[disk]}/{FILLER}")], timeout=FILL_S)
            return time.monotonic()

        return min(await together(*(one(machine) for machine in target.machines)))

    return act


def _filling(path: str) -> str:
    """Return the shell command that takes all the room that is left, down to the last block."""
    file = shlex.quote(path)
    return (
        f'room=$(df --output=avail --block-size=1 "$(dirname {file})" | tail -n 1); '
        f'[ "$room" -eq 0 ] || fallocate --length "$room" {file} 2>/dev/null || true; '
        f"dd if=/dev/zero bs=4k >> {file} 2>/dev/null || true"
    )


async def heal(target: Target) -> None:
    """End what uses the resources up. A machine too far gone to be told so loses power."""
    units = " ".join(UNITS)
    files = " ".join(shlex.quote(f"{folder.rstrip('/')}/{FILLER}") for folder in DISKS.values())
    # A unit that isn't there is none to stop; without memory or processes the command itself comes to nothing.
    command = (
        f"for unit in {units}; do systemctl is-active --quiet $unit && systemctl stop $unit && starved=1; done; "
        f'rm -f {files}; [ -z "${{starved-}}" ] || python3 -c {shlex.quote(FEED)}; echo healed'
    )

    async def one(machine: Machine) -> None:
        if await machine.power_state() == "off":
            return
        try:
            healed = await machine.run(["sh", "-c", command], timeout=STOP_S, check=False)
            if healed.stdout.strip().endswith("healed"):
                return
        except (DeadlineExceeded, MachineError):
            pass
        # No reset: its watchdog may just have done that, and a machine that is off for a moment refuses another.
        await machine.power_off()
        await make_ready(machine)
        await machine.run(["sh", "-c", command], timeout=STOP_S)

    await together(*(one(machine) for machine in target.machines))


async def empty_disks(target: Target) -> None:
    """As ``heal``, of a machine that was fenced, too: off, it would keep what fills its disk, and find it again."""
    await together(*map(make_ready, target.machines))
    await heal(target)
