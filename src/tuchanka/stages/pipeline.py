"""The order of the stages, and going on from wherever a lab is.

Which stages a machine has behind it is written down when it has (``lab.record``): a stage that was interrupted isn't,
so it is done again from the snapshot that ended the one before it.
"""

from collections.abc import Awaitable, Callable

from tuchanka.errors import InputError, LabError, UnknownName
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Progress
from tuchanka.lab.record import STAGES
from tuchanka.providers.base import Machine, make_ready
from tuchanka.stacks.pacemaker import operate
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.setup import cluster as clusters
from tuchanka.stages import machines
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together


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
            await go_back(lab, machine, before(stage))
            await work(lab, machine)
            await _end(lab, machine, stage)

    await together(*(one(machine) for machine in lab.machines_of(chosen) if stage not in lab.stages(machine.name)))


async def _setup(lab: Lab, cluster: Cluster, progress: Progress) -> None:
    nodes = lab.nodes(cluster)
    if all("setup" in lab.stages(node.name) for node in nodes):
        return
    with progress.step("setup", cluster.name):
        for node in nodes:
            await go_back(lab, node, "install")
        await clusters.setup(lab, cluster)
        for node in nodes:
            await _end(lab, node, "setup")


async def _end(lab: Lab, machine: Machine, stage: str) -> None:
    """Keep the machine as the stage has left it, and write down that it has."""
    await machine.snapshot(stage)
    lab.keep_stages(machine.name, (*lab.stages(machine.name), stage))


def before(stage: str) -> str | None:
    """Return the stage before this one."""
    position = STAGES.index(stage)
    return STAGES[position - 1] if position else None


async def go_back(lab: Lab, machine: Machine, name: str | None) -> None:
    """Switch the machine off and roll it back (``None``: to its empty disk)."""
    await machine.power_off()
    snapshots = machine.snapshots()
    if name is None or name in snapshots:
        left = snapshots[: snapshots.index(name) + 1] if name else ()
        lab.keep_stages(machine.name, [stage for stage in lab.stages(machine.name) if stage in left])
    await machine.rollback(name)


def rollback_targets(lab: Lab, name: str) -> dict[str, str]:
    """Return machine → the snapshot that it goes back to; machines that aren't made are left out.

    A machine that ends before a stage (the witness has no ``setup``) goes back to the last stage it has.

    Raises:
        UnknownName: no machine, or not every machine, has it.
    """
    made = [lab.machine(name) for name in _names(lab) if lab.made(name)]
    found = {machine.name: target(machine, name) for machine in made}
    targets = {machine: snapshot for machine, snapshot in found.items() if snapshot is not None}
    if len(targets) < len(made) or name not in targets.values():
        anywhere = {one for machine in made for one in machine.snapshots()}
        everywhere = set.intersection(*(set(machine.snapshots()) for machine in made)) if made else set()
        raise UnknownName(
            "snapshot", name, [one for one in STAGES if one in anywhere] + sorted(everywhere - {*STAGES})
        )
    return targets


async def roll_back(lab: Lab, targets: dict[str, str], progress: Progress) -> None:
    """Switch the machines off and roll each back to its snapshot."""

    async def one(name: str, snapshot: str) -> None:
        with progress.step("rollback", name):
            await go_back(lab, lab.machine(name), snapshot)

    await together(*(one(name, snapshot) for name, snapshot in targets.items()))


async def take_snapshot(lab: Lab, name: str, progress: Progress) -> None:
    """Stop clusters and machines in good order, keep every machine, and bring back what ran.

    Raises:
        InputError: a machine has a snapshot of that name; nothing has been changed.
    """
    made = [lab.machine(name) for name in _names(lab) if lab.made(name)]
    if not made:
        raise LabError("no machine is made yet", where=str(lab.path), hint="make them with 'tuchanka up'")
    taken = [machine.name for machine in made if name in machine.snapshots()]
    if taken or name in STAGES:
        raise InputError(f"there is a snapshot {name!r} already", where=", ".join(taken), hint="choose another name")
    running = [cluster for cluster in lab.topology.clusters if (await observe(lab, cluster)).running]
    on = [machine for machine in made if await machine.power_state() == "on"]
    for cluster in running:
        with progress.step("stop", cluster.name):
            await operate.stop(lab, cluster)

    async def one(machine: Machine) -> None:
        with progress.step("snapshot", machine.name):
            await machine.shut_down()
            await machine.snapshot(name)

    await together(*(one(machine) for machine in made))
    await together(*map(make_ready, on))
    for cluster in running:
        with progress.step("start", cluster.name) as note:
            await operate.start(lab, cluster)
            await operate.wait_healthy(lab, cluster, note=note)


def _names(lab: Lab) -> list[str]:
    return [machine.name for machine in lab.topology.machines]


def target(machine: Machine, name: str) -> str | None:
    """Return the snapshot of the machine that stands for ``name``."""
    if name in machine.snapshots():
        return name
    if name in STAGES:
        earlier = [stage for stage in STAGES[: STAGES.index(name)] if stage in machine.snapshots()]
        return earlier[-1] if earlier else None
    return None
