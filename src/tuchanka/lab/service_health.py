"""What is wrong with the services around a cluster, as the machines say themselves."""

from tuchanka.errors import DeadlineExceeded, MachineError
from tuchanka.lab.lab import Deployment
from tuchanka.services import registry
from tuchanka.topology.types import AnyMachine, Cluster
from tuchanka.waiting import together

CHECK_S = 10.0


async def problems(lab: Deployment, cluster: Cluster) -> tuple[str, ...]:
    """Return a line for each problem of a service, on the cluster's nodes and on the machines for services."""
    machines: tuple[AnyMachine, ...] = (*cluster.nodes, *lab.topology.services)
    return tuple(line for found in await together(*(_of(lab, one.name) for one in machines)) for line in found)


async def _of(lab: Deployment, name: str) -> tuple[str, ...]:
    lines: list[str] = []
    for script in registry.checks(lab.topology, name):
        try:
            done = await lab.machine(name).run(["sh"], stdin=script.encode(), timeout=CHECK_S)
        except (MachineError, DeadlineExceeded) as error:
            return (*lines, f"{name} can't be asked about its services: {error.what}")
        lines += [f"{name}: {line}" for line in done.stdout.splitlines() if line.strip()]
    return tuple(lines)
