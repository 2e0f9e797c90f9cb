"""How the services around the clusters are, as the machines say themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.lab.lab import Deployment, Lab
from tuchanka.lab.progress import Note
from tuchanka.providers.base import Node, Power, PowerState, make_ready
from tuchanka.services import registry
from tuchanka.topology.types import Cluster, ServiceMachine
from tuchanka.waiting import together, wait_until

CHECK_S = 10.0
SERVING_S = 60.0


@dataclass(frozen=True, slots=True)
class MachineHealth:
    """A machine for services: what the topology says of it, whether it is on, and a line for each problem."""

    name: str
    site: str
    address: str
    runs: tuple[str, ...]
    power: PowerState
    problems: tuple[str, ...]


async def problems(lab: Deployment, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return machine → a line for each problem of a service there."""
    asked = tuple(dict.fromkeys(names))
    return dict(zip(asked, await together(*(_of(lab, name) for name in asked)), strict=True))


def around(lab: Deployment, cluster: Cluster) -> tuple[str, ...]:
    """Return the machines whose services a cluster needs: its nodes, and all those for services."""
    return (*(node.name for node in cluster.nodes), *(machine.name for machine in lab.topology.services))


async def machines(lab: Deployment, found: Mapping[str, tuple[str, ...]]) -> tuple[MachineHealth, ...]:
    """Return how each machine for services is; ``found`` is what ``problems`` said of them."""

    async def one(machine: ServiceMachine) -> MachineHealth:
        power = await _power(lab.machine(machine.name))
        address = str(machine.address)
        return MachineHealth(machine.name, machine.site, address, machine.runs, power, found.get(machine.name, ()))

    return tuple(await together(*map(one, lab.topology.services)))


async def _power(machine: Node) -> PowerState:
    return await machine.power_state() if isinstance(machine, Power) else "on"


async def serve(lab: Lab, name: str, note: Note) -> None:
    """Switch a machine for services on, start what was stopped, and wait until none of its services has a problem.

    Raises:
        DeadlineExceeded: one still had; the message has the first.
    """
    machine = lab.machine(name)
    await make_ready(machine)
    if units := registry.units(lab.topology, name):
        await machine.run(["systemctl", "start", "--no-block", *units])
    last: tuple[str, ...] = ()

    async def without_problems() -> bool:
        nonlocal last
        last = await _of(lab, name)
        if last:
            note(last[0])
        return not last

    await wait_until(
        without_problems,
        deadline_s=SERVING_S,
        what=f"a healthy {name}",
        why_not=lambda: last[0],
        hint=f"'tuchanka logs {name}' shows its journal",
    )


async def _of(lab: Deployment, name: str) -> tuple[str, ...]:
    lines: list[str] = []
    for script in registry.checks(lab.topology, name):
        try:
            done = await lab.machine(name).run(["sh"], stdin=script.encode(), timeout=CHECK_S)
        except (MachineError, DeadlineExceeded) as error:
            return (*lines, f"{name} can't be asked about its services: {error.what}")
        lines += [f"{name}: {line}" for line in done.stdout.splitlines() if line.strip()]
    return tuple(lines)
