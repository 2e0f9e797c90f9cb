"""Faults of the network: links that are pulled, and traffic that doesn't arrive.

The names under which cuts are in force tell whose they are.
"""

from collections.abc import Collection, Sequence

from tuchanka.faults.fault import Target
from tuchanka.faults.targets import machines_of
from tuchanka.providers.base import CLIENT, Cut, bmc_of
from tuchanka.topology.types import Topology
from tuchanka.waiting import together

# Whose the cuts are that hit a whole site, by hand; no cluster is called so.
WHOLE_LAB = "-"


def label(fault: str, target: Target) -> str:
    """Return the name under which the cuts of a fault are in force: fault, target, and whose trial it is."""
    return f"{fault}.{target.name}.{target.cluster.name if target.cluster else WHOLE_LAB}"


def is_of(name: str, target: Target) -> bool:
    """Say whether cuts hit a machine of the target, and are of its cluster, where it is of one alone."""
    _, hit, owner = name.split(".", 2)
    if target.cluster is not None and owner not in {target.cluster.name, WHOLE_LAB}:
        return False
    cluster = None if owner == WHOLE_LAB else target.lab.topology.cluster(owner)
    return not set(target.machine_names).isdisjoint(machines_of(target.lab.topology, cluster, "node", hit))


def one_way(sources: Sequence[str], destinations: Sequence[str], *, loss_percent: int = 100) -> tuple[Cut, ...]:
    """Return the cuts that keep each destination from hearing each source."""
    return tuple(Cut(a, b, loss_percent=loss_percent) for a in sources for b in destinations)


def both_ways(these: Sequence[str], those: Sequence[str], *, loss_percent: int = 100) -> tuple[Cut, ...]:
    """Return the cuts between two groups."""
    return one_way(these, those, loss_percent=loss_percent) + one_way(those, these, loss_percent=loss_percent)


def bmcs(topology: Topology, machines: Collection[str]) -> list[str]:
    """Return the BMCs of those of the machines that have one, as ends of cuts."""
    return [bmc_of(node) for node in topology.bmcs if node in machines]


def others(target: Target) -> list[str]:
    """Return the machines of the lab that aren't the target's."""
    return [machine.name for machine in target.lab.topology.machines if machine.name not in target.machine_names]


def inside_and_outside(target: Target) -> tuple[list[str], list[str]]:
    """Return the machines of the target; and all others of the lab, every BMC, and the clients.

    A machine's BMC has a cable of its own, so it is outside, too.
    """
    topology = target.lab.topology
    every = [machine.name for machine in topology.machines]
    return list(target.machine_names), [*others(target), *bmcs(topology, every), CLIENT]


def site_and_outside(target: Target) -> tuple[list[str], list[str]]:
    """Return what stands in a site: the machines of the target with their BMCs; and what stands elsewhere."""
    topology, rest = target.lab.topology, others(target)
    inside = [*target.machine_names, *bmcs(topology, target.machine_names)]
    return inside, [*rest, *bmcs(topology, rest), CLIENT]


async def set_link(target: Target, *, up: bool) -> float:
    """Set the link of every machine of the target; returns when the first one's was."""
    return min(await together(*(machine.link(up=up) for machine in target.machines)))


async def block(target: Target, fault: str, cuts: tuple[Cut, ...]) -> float:
    """Put the cuts of a fault in force; returns when."""
    return await target.lab.provider.network.block(label(fault, target), cuts)


async def reconnect(target: Target) -> None:
    """Put every cable back, and take back the cuts and delays that were injected on the target."""
    network = target.lab.provider.network
    for name in await network.blocked():
        if is_of(name, target):
            await network.unblock(name)
    for machine in target.machines:
        await machine.link(up=True)
        await network.undelay(machine.name)
