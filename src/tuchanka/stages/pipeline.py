"""The order of the stages, and going on from wherever a lab is.

Which stages a machine has behind it is read from its snapshots, and nothing else: a stage that was interrupted has
left no snapshot, so it is done again from the one before it.
"""

from collections.abc import Awaitable, Callable

from tuchanka.errors import UnknownName
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Progress
from tuchanka.machines.protocols import Machine
from tuchanka.stages import clusters, machines
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together

STAGES = ("create", "install", "setup")


def reached(machine: Machine) -> str | None:
    """Return the last stage that the machine has behind it."""
    done = [stage for stage in STAGES if stage in machine.snapshots()]
    return done[-1] if done else None


async def make_image(lab: Lab, progress: Progress) -> None:
    """Make the image and the lab's network."""
    with progress.step("image") as note:
        await lab.provider.make_image(note)
    await lab.provider.prepare()


async def create(lab: Lab, chosen: tuple[Cluster, ...], progress: Progress) -> None:
    """Bring every machine of the clusters, and the witness, to the stage ``create``."""
    await make_image(lab, progress)
    await _each_machine(lab, chosen, progress, "create", machines.create)


async def install(lab: Lab, chosen: tuple[Cluster, ...], progress: Progress) -> None:
    """Bring every machine of the clusters, and the witness, to the stage ``install``."""
    await create(lab, chosen, progress)
    await _each_machine(lab, chosen, progress, "install", machines.install)


async def setup(lab: Lab, chosen: tuple[Cluster, ...], progress: Progress) -> None:
    """Bring the clusters to the stage ``setup``: everything is there, nothing is started."""
    await install(lab, chosen, progress)
    await together(*(_setup(lab, cluster, progress) for cluster in chosen))


async def _each_machine(
    lab: Lab,
    chosen: tuple[Cluster, ...],
    progress: Progress,
    stage: str,
    work: Callable[[Lab, Machine], Awaitable[None]],
) -> None:
    async def one(machine: Machine) -> None:
        with progress.step(stage, machine.name):
            await go_back(machine, before(stage))
            await work(lab, machine)
            await machine.snapshot(stage)

    await together(*(one(machine) for machine in lab.machines_of(chosen) if stage not in machine.snapshots()))


async def _setup(lab: Lab, cluster: Cluster, progress: Progress) -> None:
    nodes = lab.nodes(cluster)
    if all("setup" in node.snapshots() for node in nodes):
        return
    with progress.step("setup", cluster.name):
        for node in nodes:
            await go_back(node, "install")
        await clusters.setup(lab, cluster)
        for node in nodes:
            await node.snapshot("setup")


def before(stage: str) -> str | None:
    """Return the stage before this one."""
    position = STAGES.index(stage)
    return STAGES[position - 1] if position else None


async def go_back(machine: Machine, name: str | None) -> None:
    """Switch the machine off and roll it back."""
    await machine.power_off()
    await machine.rollback(name)


async def roll_back(lab: Lab, name: str, progress: Progress) -> None:
    """Roll every machine of the lab back to a stage or to a snapshot; all of them are off afterwards.

    A machine that ends before the stage (the witness has no ``setup``) keeps the last stage it has.

    Raises:
        UnknownName: no machine, or not every machine, has it; nothing has been changed.
    """
    every = [lab.machine(machine.name) for machine in lab.topology.machines]
    made = [machine for machine in every if machine.snapshots()]
    targets = {machine: target(machine, name) for machine in made}
    if not any(name in machine.snapshots() for machine in made) or None in targets.values():
        common = [one for one in STAGES if any(one in machine.snapshots() for machine in made)]
        shared = set.intersection(*(set(machine.snapshots()) for machine in made)) if made else set()
        raise UnknownName("snapshot", name, sorted({*common, *shared}))

    async def one(machine: Machine) -> None:
        with progress.step("rollback", machine.name):
            await go_back(machine, targets[machine])

    await together(*(one(machine) for machine in made))


def target(machine: Machine, name: str) -> str | None:
    """Return the snapshot of the machine that stands for ``name``."""
    if name in machine.snapshots():
        return name
    if name in STAGES:
        earlier = [stage for stage in STAGES[: STAGES.index(name)] if stage in machine.snapshots()]
        return earlier[-1] if earlier else None
    return None
