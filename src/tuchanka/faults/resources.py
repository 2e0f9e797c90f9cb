"""Faults of resources: a machine that has used up its processes, memory, disk or processor; never the host."""

import os
import shlex
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tuchanka.errors import DeadlineExceeded, LabError, MachineError
from tuchanka.faults.fault import Fault, Scene
from tuchanka.providers.base import Machine, Power, Runner, make_ready
from tuchanka.waiting import together

# Units of the machine's own systemd: they outlive the command that started them, and can be found again.
UNITS = ("tuchanka-fork-bomb", "tuchanka-memory", "tuchanka-cpu")
FILLER = ".tuchanka-filler"
DISKS = {"data": "/var/lib/postgresql", "root": "/"}
STOP_S = 10.0
FILL_S = 120.0

# A bomb of processes that sleep between their tries, each at its own times: together they take whatever becomes free
# within a millisecond or two, and not the host's processors (with 0.2 s between them, 2,000 kept four cores busy).
FORK_BOMB = "while (1) { defined(fork) or select(undef, undef, undef, 1 + $$ % 100 / 50) }"

# Files in memory, which no process owns: the kernel can only kill others. What they set free is filled again.
MEMORY = "/run/tuchanka-memory"
EAT_MEMORY = (
    f"mkdir -p {MEMORY}; mountpoint -q {MEMORY} || mount -t tmpfs -o size=$1 tuchanka {MEMORY}; "
    f"while :; do dd if=/dev/zero bs=64k >> {MEMORY}/filler 2>/dev/null; sleep 0.05; done"
)


def _confine(processors: str) -> str:
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


# Everything in the machine on one processor, and there a crowd that is always ready to run.
STARVE = (
    _confine("{max(os.sched_getaffinity(0))}")
    + """\
for _ in range(99):
    if os.fork() == 0:
        break
while True:
    pass
"""
)
FEED = _confine("range(os.cpu_count())")


@dataclass(frozen=True, slots=True)
class Unit:
    """What systemd is to run: the unit's name, its properties, the command."""

    name: str
    properties: tuple[str, ...]
    command: tuple[str, ...]


def fork_bomb(scene: Scene) -> Unit:
    """Return the bomb."""
    del scene
    return Unit(UNITS[0], ("TasksMax=infinity", "Nice=19"), ("perl", "-e", FORK_BOMB))


def eater(scene: Scene) -> Unit:
    """Return what fills the memory, up to what the topology gives a machine."""
    size = str(scene.lab.topology.limits.memory_bytes)
    return Unit(UNITS[1], (), ("sh", "-c", EAT_MEMORY, "eat", size))


def crowd(scene: Scene) -> Unit:
    """Return what keeps the one processor busy."""
    del scene
    return Unit(UNITS[2], ("TasksMax=infinity",), ("python3", "-c", STARVE))


def start(of: Callable[[Scene], Unit]) -> Callable[[Scene], Awaitable[float]]:
    """Return the function that starts the unit on every machine of a scene, and says when the first one ran."""

    async def act(scene: Scene) -> float:
        unit = of(scene)

        async def one(machine: Machine) -> float:
            properties = [f"--property={text}" for text in (*unit.properties, "KillSignal=SIGKILL")]
            # Dollars in the command are perl's and the shell's, not systemd's.
            how = ["--collect", "--quiet", "--service-type=exec", "--expand-environment=no"]
            options = [f"--unit={unit.name}", *how, *properties]
            await machine.run(["systemd-run", *options, "--", *unit.command], timeout=STOP_S)
            return time.monotonic()

        return min(await together(*(one(machine) for machine in scene.machines)))

    return act


def fill(disk: str) -> Callable[[Scene], Awaitable[float]]:
    """Return the function that fills a disk of every machine of a scene, and says when the first one was full."""

    async def act(scene: Scene) -> float:
        host = os.statvfs(scene.lab.path)

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

        return min(await together(*(one(machine) for machine in scene.machines)))

    return act


def _filling(path: str) -> str:
    """Return the shell command that takes all the room that is left, down to the last block."""
    file = shlex.quote(path)
    return (
        f'room=$(df --output=avail --block-size=1 "$(dirname {file})" | tail -n 1); '
        f'[ "$room" -eq 0 ] || fallocate --length "$room" {file} 2>/dev/null || true; '
        f"dd if=/dev/zero bs=4k >> {file} 2>/dev/null || true"
    )


async def heal(scene: Scene) -> None:
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

    await together(*(one(machine) for machine in scene.machines))


NEEDS = (Runner.__name__, Power.__name__)
FAULTS = (
    Fault(
        name="fork-bomb",
        family="resources",
        scope="node",
        needs=NEEDS,
        does="starts processes that start processes, until the machine's limit is reached",
        expect="no monitor can be started any more, the operation fails, and the node is fenced",
        proves="that a node which answers but can do nothing isn't kept",
        apply=start(fork_bomb),
        heal=heal,
    ),
    Fault(
        name="memory-exhausted",
        family="resources",
        scope="node",
        needs=NEEDS,
        does="fills all memory of the machine with files, which no process owns, and fills what becomes free again",
        expect="the kernel kills others, the database or the cluster stack; the node recovers it or is fenced",
        proves="that it ends in a recovery or a failover, whomever the kernel kills",
        apply=start(eater),
        heal=heal,
    ),
    Fault(
        name="data-disk-full",
        family="resources",
        scope="node",
        needs=NEEDS,
        does="fills the disk with the data directories to the last block",
        expect="the primary's monitor can't write, and the primary moves to another node",
        proves="that a primary which refuses every write doesn't stay one",
        apply=fill("data"),
        heal=heal,
    ),
    Fault(
        name="root-disk-full",
        family="resources",
        scope="node",
        needs=NEEDS,
        does="fills the disk with the system to the last block",
        expect="nobody notices: neither the database nor the cluster stack needs it to go on",
        proves="that the service doesn't hang on logs and temporary files",
        apply=fill("root"),
        heal=heal,
    ),
    Fault(
        name="cpu-starved",
        family="resources",
        scope="node",
        needs=NEEDS,
        does="puts everything in the machine on one processor, and there a hundred processes that never wait",
        expect="the service is slow and goes on, or a monitor is too late and the node is recovered or fenced",
        proves="that an overloaded node neither flaps nor hangs for ever",
        apply=start(crowd),
        heal=heal,
    ),
)
