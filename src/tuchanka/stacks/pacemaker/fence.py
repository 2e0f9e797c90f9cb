"""Trying what is to fence a node: asking its device for the state, and fencing it through Pacemaker.

Source: the FenceAgentAPI of fence-agents (status of ``status``: 0 on, 2 off, anything else failed); stonith_admin(8).
"""

import time
from dataclasses import dataclass
from typing import Literal

from tuchanka.errors import DeadlineExceeded, LabError, MachineError, SwitchoverRefused
from tuchanka.events.fencings import Fencing
from tuchanka.lab.lab import Deployment
from tuchanka.lab.progress import Note
from tuchanka.providers.base import Node, Power, PowerLog
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.render.fencing import agent_input
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.stacks.pacemaker.switchover_plan import standby_refusal
from tuchanka.stacks.pacemaker.timing.derive import timing_of
from tuchanka.topology.types import Cluster, FencingDevice
from tuchanka.waiting import together

ANSWER_S = 30.0
FENCED_S = 120
"""As long as Pacemaker may try all levels, and twice the time that it has for a whole fencing by default."""
SAYS = {0: "on", 2: "off"}
Says = Literal["on", "off", ""]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a device told the node ``by``, in ``seconds``: ``on``, ``off``, or nothing, and ``problem`` says why."""

    by: str
    says: Says
    seconds: float
    problem: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A fencing that may be done: on behalf of which node, and the instances whose primary it costs."""

    by: str
    primaries: tuple[str, ...]


def plan(state: ClusterState, cluster: Cluster, node: str) -> Plan:
    """Return how the node would be fenced. Pure.

    Raises:
        LabError: the cluster doesn't run, or has no quorum: it fences nobody.
        SwitchoverRefused: nobody could take over what the node has.
    """
    others = [one.name for one in state.nodes if one.name != node and one.stack_running and one.online]
    if not others:
        raise LabError("no other node runs the cluster", where=node, hint=f"'tuchanka cluster start {cluster.name}'")
    why = standby_refusal(state, node, cluster.instances)
    if not why and state.node(node).online and not state.quorum.spares(1):
        why = "the others would have no quorum without it"
    if why:
        raise SwitchoverRefused(why, where=node, hint="'tuchanka status' shows what is missing; repair that first")
    primaries = tuple(one.name for one in state.instances if one.primary == node)
    return Plan(state.coordinator if state.coordinator in others else others[0], primaries)


def device_of(cluster: Cluster, node: str) -> FencingDevice:
    """Return the node's fencing device.

    Raises:
        LabError: it has none.
    """
    device = cluster.fencing.device_of(node)
    if device is None:
        hint = "its watchdog alone fences it; give the cluster fencing.levels with a device"
        raise LabError("has no fencing device that could be asked", where=node, hint=hint)
    return device


async def ask(lab: Deployment, cluster: Cluster, node: str) -> tuple[Asked, ...]:
    """Ask the node's device for its state from every other node that is there, as Pacemaker would.

    Raises:
        LabError: it has none, or no other node could ask.
    """
    device = device_of(cluster, node)
    told = agent_input(device, cluster, timing_of(lab.topology, cluster), "status")
    state = await observe(lab, cluster)
    others = [lab.machine(one.name) for one in state.nodes if one.name != node and one.power == "on"]
    if not others:
        raise LabError("no other node could ask the device", where=node, hint="switch one on: 'tuchanka power-on'")
    return tuple(await together(*(_ask(machine, device.agent, told) for machine in others)))


async def _ask(machine: Node, agent: str, told: str) -> Asked:
    began = time.monotonic()
    try:
        done = await machine.run([agent], stdin=told.encode(), timeout=ANSWER_S, check=False)
    except (MachineError, DeadlineExceeded) as error:
        return Asked(machine.name, "", time.monotonic() - began, error.what)
    says = SAYS.get(done.status, "")
    lines = (done.stderr or done.stdout).strip().splitlines()
    problem = "" if says else (lines[-1] if lines else f"{agent} ended with status {done.status}")
    return Asked(machine.name, says, time.monotonic() - began, " ".join(problem.split()))  # type: ignore[arg-type]


async def true_state(lab: Deployment, node: str) -> Says:
    """Return whether the machine is on, where its provider knows."""
    machine = lab.machine(node)
    return await machine.power_state() if isinstance(machine, Power) else ""


def stop_reasons(lab: Deployment, node: str) -> tuple[str, ...] | None:
    """Return why the machine stopped, each time, the oldest first; ``None`` where its provider doesn't know."""
    machine = lab.machine(node)
    return tuple(stop.reason for stop in machine.stops()) if isinstance(machine, PowerLog) else None


async def fence(
    lab: Deployment, cluster: Cluster, node: str, by: str, note: Note, known: tuple[Fencing, ...] = ()
) -> Fencing | None:
    """Have Pacemaker fence the node, and return what the journals say of it; ``None`` where they say nothing.

    ``known`` are the fencings of before: what they tell isn't about this one.

    Raises:
        LabError: Pacemaker could not.
    """
    note(f"{by} asks for it")
    command = ["stonith_admin", "--reboot", node, "--timeout", str(FENCED_S)]
    done = await lab.machine(by).run(command, timeout=FENCED_S + ANSWER_S, check=False)
    if done.status != 0:
        words = " ".join((done.stderr or done.stdout).split()) or f"stonith_admin ended with status {done.status}"
        raise LabError(f"was not fenced: {words}", where=node, hint=f"see 'tuchanka logs {by}'")
    return latest((await observe(lab, cluster)).fenced, node, known)


def latest(fenced: tuple[Fencing, ...], node: str, known: tuple[Fencing, ...]) -> Fencing | None:
    """Return the node's last fencing that isn't known already. Pure."""
    before = {(one.target, one.requested) for one in known}
    new = [one for one in fenced if one.target == node and (one.target, one.requested) not in before]
    return new[-1] if new else None
