"""Faults of processes: each program of a node, killed and frozen."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from typing import Literal

from tuchanka.errors import MachineError
from tuchanka.faults.fault import Fault, Scene, Scope
from tuchanka.faults.inside import run_inside
from tuchanka.faults.inside.signals import NOT_FOUND
from tuchanka.postgres.paths import InstancePaths
from tuchanka.providers.base import Machine, Runner
from tuchanka.waiting import together

Verb = Literal["kill", "freeze", "wake"]
PACEMAKER = "/usr/lib/pacemaker"


@dataclass(frozen=True, slots=True)
class Processes:
    """Processes of a machine: the program they execute, their current directory, a pattern of their command line."""

    program: str
    folder: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What can be killed and frozen, and what should happen then."""

    name: str
    what: str
    processes: Callable[[Scene], tuple[Processes, ...]]
    killed: str
    frozen: str
    proves: str
    scope: Scope = "node"
    role: Literal["standby"] | None = None


def program(path: str) -> Callable[[Scene], tuple[Processes, ...]]:
    """Choose every process of one program."""
    return lambda _: (Processes(path),)


def postgres(title: str = "") -> Callable[[Scene], tuple[Processes, ...]]:
    """Choose the processes of the scene's instance, or of every instance where none is named.

    A server and its children all have the data directory as their current directory, even with the postmaster dead.
    """

    def choose(scene: Scene) -> tuple[Processes, ...]:
        topology = scene.lab.topology
        every = [instance for cluster in topology.clusters for instance in cluster.instances]
        names = [one.name for one in ([scene.instance] if scene.instance else every)]
        all_paths = [InstancePaths(topology.postgresql_of(name), name) for name in names]
        return tuple(Processes(f"{paths.programs}/postgres", paths.data, title) for paths in all_paths)

    return choose


SELF_FENCE = "the watchdog resets the node, and a standby takes over as after a power loss"
RESTARTED = "pacemakerd starts it again within a second; the database and its clients notice nothing"
# The coordinator may look before the controller is back (it ends with the executor), and finds a peer without one.
RACES = (
    "pacemakerd starts it again within a second, nobody notices; or the coordinator is quicker, and fences the node"
)
WATCHED = "pacemakerd kills it after half a minute; nobody notices"

TARGETS = (
    Target(
        "postgres",
        "all processes of the instance",
        postgres(),
        killed="the next monitor finds it dead, and starts it again where it was, as what it was",
        frozen="connections hang; a monitor gets no answer, kills it and starts it again where it was",
        proves="what a dead or hanging database costs, and that clients on hanging connections get away",
    ),
    Target(
        "postmaster",
        "the first process of the instance alone",
        postgres("^/"),
        killed="its children notice and end; then as kill-postgres",
        frozen="open sessions work on, new ones hang; then as freeze-postgres",
        proves="that a database which only serves old sessions is found",
    ),
    Target(
        "walreceiver",
        "the process of a standby that receives the log",
        postgres("^postgres: .*walreceiver"),
        killed="the standby starts another after wal_retrieve_retry_interval; commits that wait for it go on then",
        frozen="the primary drops the standby after wal_sender_timeout; first aid starts it again, and it catches up",
        proves="how long replication, and with synchronous replication every commit, waits for a broken receiver",
        role="standby",
    ),
    Target(
        "corosync",
        "corosync",
        program("/usr/sbin/corosync"),
        killed=SELF_FENCE,
        frozen=SELF_FENCE,
        proves="that a node without membership can't go on as a primary",
    ),
    Target(
        "pacemakerd",
        "Pacemaker's first process alone",
        program("/usr/sbin/pacemakerd"),
        killed="systemd starts it again, and it takes over the daemons that still run; nobody notices",
        frozen="the watch finds that it hangs, and kills it; then as kill-pacemakerd. If too late, " + SELF_FENCE,
        proves="that the one who watches the daemons is watched",
    ),
    Target(
        "pacemaker-based",
        "Pacemaker's keeper of the configuration",
        program(f"{PACEMAKER}/pacemaker-based"),
        killed="the controller ends with it, the others see that and fence the node; a standby is promoted",
        frozen="the watch finds that it hangs, and kills it; then as kill-pacemaker-based",
        proves="that a node whose Pacemaker has no configuration any more is given up, frozen or dead",
    ),
    *(
        Target(
            f"pacemaker-{name}",
            f"Pacemaker's {part}",
            program(f"{PACEMAKER}/pacemaker-{name}"),
            killed=killed,
            frozen=WATCHED,
            proves="that Pacemaker heals or gives up a node whose daemon is dead or hangs",
        )
        for name, part, killed in (
            ("controld", "controller", RACES),
            ("attrd", "keeper of attributes", RESTARTED),
            ("fenced", "fencer", RESTARTED),
            ("execd", "executor of resource agents", RACES),
            ("schedulerd", "scheduler", RESTARTED),
        )
    ),
    Target(
        "sbd",
        "sbd, all its processes",
        program("/usr/sbin/sbd"),
        killed="nobody feeds the watchdog any more; " + SELF_FENCE,
        frozen="nobody feeds the watchdog any more; " + SELF_FENCE,
        proves="that the watchdog is armed and fires by itself",
    ),
    Target(
        "qdevice",
        "corosync-qdevice, both processes",
        program("/usr/sbin/corosync-qdevice"),
        killed="systemd starts it again; the node has quorum by the other's vote meanwhile",
        frozen="the node's side of the quorum device is silent; the others' votes suffice, nobody notices",
        proves="that the quorum device isn't a single point of failure",
    ),
    Target(
        "qnetd",
        "corosync-qnetd on the witness",
        program("/usr/bin/corosync-qnetd"),
        killed="systemd starts it again, and the clusters' quorum devices connect anew; nobody notices",
        frozen="the clusters lose its vote and go on without; nobody notices until a node is lost, too",
        proves="that the witness isn't a single point of failure",
        scope="witness",
    ),
)


async def signal(machine: Machine, verb: Verb, chosen: tuple[Processes, ...]) -> float | None:
    """Kill, freeze or wake the chosen processes.

    Returns when the signal was sent, in seconds of CLOCK_MONOTONIC; ``None`` where no such process runs.

    Raises:
        MachineError: one would not stop, or the machine can't be reached.
    """
    done = await run_inside(machine, "signals", verb, json.dumps([asdict(one) for one in chosen]))
    if done.status == NOT_FOUND:
        return None
    if done.status != 0:
        why = done.stderr.strip().rpartition("\n")[2] or "one would not stop"
        raise MachineError(
            f"can't {verb} processes: {why}", where=machine.name, hint="see 'tuchanka exec NODE -- ps -ef'"
        )
    return time.monotonic() - float(done.stdout.split()[1])


def apply(verb: Verb, target: Target) -> Callable[[Scene], Awaitable[float]]:
    """Return the function that does it on every machine of a scene, and says when the first was hit."""

    async def act(scene: Scene) -> float:
        moments = await together(*(signal(machine, verb, target.processes(scene)) for machine in scene.machines))
        hits = [moment for moment in moments if moment is not None]
        if not hits:
            raise MachineError(
                f"no process to {verb}: {target.what}", where=scene.target, hint="choose another target"
            )
        return min(hits)

    return act


async def wake(scene: Scene) -> None:
    """Wake everything that one of these faults may have frozen. What was killed has a supervisor, or the restore."""
    everything = tuple(one for target in TARGETS for one in target.processes(replace(scene, instance=None)))

    async def one(machine: Machine) -> None:
        if await machine.power_state() == "on":
            await machine.wait_ready()  # a fault may have reset it
            await signal(machine, "wake", everything)

    await together(*(one(machine) for machine in scene.machines))


def _fault(target: Target, verb: Literal["kill", "freeze"]) -> Fault:
    by = "SIGKILL" if verb == "kill" else "SIGSTOP"
    return Fault(
        name=f"{verb}-{target.name}",
        family="processes",
        scope=target.scope,
        needs=(Runner.__name__,),
        does=f"sends {by} to {target.what}",
        expect=target.killed if verb == "kill" else target.frozen,
        proves=target.proves,
        apply=apply(verb, target),
        heal=wake,
        role=target.role,
    )


FAULTS = tuple(_fault(target, verb) for target in TARGETS for verb in ("kill", "freeze"))
