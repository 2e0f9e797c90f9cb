"""Faults of processes: the programs of a node, each killed and frozen."""

import json
import pkgutil
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Literal

from tuchanka.errors import MachineError
from tuchanka.faults.fault import Fault, HealRank, Scope, Target
from tuchanka.faults.inside import run_inside
from tuchanka.faults.inside.signals import NOT_FOUND, Processes
from tuchanka.instance_paths import InstancePaths
from tuchanka.prediction import Reaction
from tuchanka.providers.base import Machine, Power, Runner
from tuchanka.waiting import together

Verb = Literal["kill", "freeze", "wake"]


SELF_FENCE = "the watchdog resets the node, and a standby takes over as after a power loss"


@dataclass(frozen=True, slots=True)
class Expected:
    """What should happen, in words, and what is predicted of it."""

    words: str
    predicts: Reaction | None


@dataclass(frozen=True, slots=True)
class Program:
    """What can be killed and frozen, and what should happen then."""

    name: str
    what: str
    processes: Callable[[Target], tuple[Processes, ...]]
    killed: Expected
    frozen: Expected
    proves: str
    scope: Scope = "node"
    role: Literal["standby"] | None = None


def running(path: str) -> Callable[[Target], tuple[Processes, ...]]:
    """Choose every process of one program."""
    return lambda _: (Processes(program=path, folder="", title=""),)


def of_instances(title: str = "") -> Callable[[Target], tuple[Processes, ...]]:
    """Choose the processes of the target's instance, or of every instance where none is named.

    A server and its children all have the data directory as their current directory, even with the postmaster dead.
    """

    def choose(target: Target) -> tuple[Processes, ...]:
        topology = target.lab.topology
        every = [instance for cluster in topology.clusters for instance in cluster.instances]
        names = [one.name for one in ([target.instance] if target.instance else every)]
        all_paths = [InstancePaths(topology.postgresql_of(name), name) for name in names]
        return tuple(
            Processes(program=f"{paths.programs}/postgres", folder=paths.data, title=title) for paths in all_paths
        )

    return choose


async def signal(machine: Machine, verb: Verb, chosen: tuple[Processes, ...]) -> float | None:
    """Kill, freeze or wake the chosen processes.

    Returns when the signal was sent, in seconds of CLOCK_MONOTONIC; ``None`` where no such process runs.

    Raises:
        MachineError: one would not stop, or the machine can't be reached.
    """
    done = await run_inside(machine, "signals", verb, json.dumps(chosen))
    if done.status == NOT_FOUND:
        return None
    if done.status != 0:
        why = done.stderr.strip().rpartition("\n")[2] or "one would not stop"
        raise MachineError(
            f"can't {verb} processes: {why}", where=machine.name, hint="see 'tuchanka exec NODE -- ps -ef'"
        )
    return time.monotonic() - float(done.stdout.split()[1])


def apply(verb: Verb, program: Program) -> Callable[[Target], Awaitable[float]]:
    """Return the function that does it on every machine of a target, and says when the first was hit."""

    async def act(target: Target) -> float:
        moments = await together(*(signal(machine, verb, program.processes(target)) for machine in target.machines))
        hits = [moment for moment in moments if moment is not None]
        if not hits:
            raise MachineError(
                f"no process to {verb}: {program.what}", where=target.name, hint="choose another target"
            )
        return min(hits)

    return act


def programs() -> Iterator[Program]:
    """Yield every program that can be frozen: those of the modules here."""
    for module in sorted(found.name for found in pkgutil.iter_modules(__path__)):
        yield from import_module(f"{__name__}.{module}").PROGRAMS


async def wake(target: Target) -> None:
    """Wake everything that one of these faults may have frozen. What was killed has a supervisor, or the restore."""
    everything = tuple(one for program in programs() for one in program.processes(replace(target, instance=None)))

    async def one(machine: Machine) -> None:
        if await machine.power_state() == "on":
            await machine.wait_ready()  # a fault may have reset it
            await signal(machine, "wake", everything)

    await together(*(one(machine) for machine in target.machines))


def killed_and_frozen(described: Sequence[Program]) -> tuple[Fault, ...]:
    """Return both faults of each program."""
    return tuple(_fault(program, verb) for program in described for verb in ("kill", "freeze"))


def _fault(program: Program, verb: Literal["kill", "freeze"]) -> Fault:
    by, expected = ("SIGKILL", program.killed) if verb == "kill" else ("SIGSTOP", program.frozen)
    return Fault(
        name=f"{verb}-{program.name}",
        family="processes",
        scope=program.scope,
        needs=(Runner.__name__, Power.__name__),
        does=f"sends {by} to {program.what}",
        expect=expected.words,
        proves=program.proves,
        apply=apply(verb, program),
        heal=wake,
        heal_rank=HealRank.PROCESSES,
        role=program.role,
        predicts=expected.predicts,
    )
