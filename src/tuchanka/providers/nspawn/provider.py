"""The nspawn provider: a lab of systemd-nspawn machines on this host."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tuchanka.errors import HostError
from tuchanka.providers.base import Bmc
from tuchanka.providers.bmc import control as bmcs
from tuchanka.providers.bmc.spec import Spec
from tuchanka.providers.bridge import network
from tuchanka.providers.bridge.traffic import BridgeTraffic
from tuchanka.providers.image import build as image
from tuchanka.providers.image.recipe import Recipe, fencing_packages, recipe, service_recipe
from tuchanka.providers.nspawn import cgroups, client, disks
from tuchanka.providers.nspawn.machine import NspawnMachine
from tuchanka.providers.nspawn.missing import missing
from tuchanka.providers.nspawn.paths import LabPaths
from tuchanka.services import registry
from tuchanka.topology.load import KEPT
from tuchanka.topology.types import Topology


class NspawnProvider:
    """The machines of one lab: those of the clusters are made from one base image, those beside them from another."""

    def __init__(self, folder: Path, topology: Topology, watchdog_s: float) -> None:
        self.paths = LabPaths(folder)
        self.topology = topology
        self.recipe = recipe(topology.versions, (*registry.packages(topology), *fencing_packages(topology)))
        self.service_recipe = service_recipe(registry.machine_packages(topology), disks.DATA)
        self.watchdog_s = watchdog_s
        self.network = BridgeTraffic(self.paths.namespace_file)

    def missing(self) -> Mapping[str, str]:
        """Return what this host can't give, and why."""
        return missing()

    async def make_image(self, note: Callable[[str], None]) -> None:
        """Build the base images that the lab needs, or check those that are there."""
        await image.ensure(self.recipe, note)
        if self.topology.services:
            await image.ensure(self.service_recipe, note)

    async def prepare(self) -> None:
        """Make the lab's network namespace and folders."""
        self.paths.run.mkdir(parents=True, exist_ok=True, mode=0o700)
        await network.make(self.paths.namespace, self.topology.network.subnet, self.topology.network.host)
        if addresses := bmcs.addresses(self.topology):
            await self._start_bmcs(addresses)

    async def _start_bmcs(self, addresses: dict[str, str]) -> None:
        if why := self.missing().get(Bmc.__name__):
            raise HostError(f"the machines' BMCs can't be made: {why}", hint="'tuchanka doctor' names the command")
        folder, group = self.paths.folder, f"{self.paths.group}/bmcs"
        cgroups.make(group)
        topology = str(folder / KEPT)
        spec = Spec(str(folder), topology, self.watchdog_s, str(self.paths.bmcs), addresses)
        namespace = ["nsenter", f"--net={self.paths.namespace_file}", "--"]
        await bmcs.start(spec, cgroups.entering(group, namespace), folder / "bmcs.log")

    async def tidy(self) -> None:
        """End the commands in machines that a killed process has left running."""
        for machine in self.topology.machines:
            await cgroups.kill_abandoned(f"{self.paths.group}/{machine.name}/exec")

    def machine(self, name: str) -> NspawnMachine:
        """Return the machine called ``name``."""
        return NspawnMachine(
            self.paths,
            name,
            base=image.root_of(self._recipe_of(name)),
            limits=self.topology.limits,
            watchdog_s=self.watchdog_s,
            has_bmc=name in bmcs.addresses(self.topology),
        )

    def _recipe_of(self, name: str) -> Recipe:
        return self.service_recipe if any(one.name == name for one in self.topology.services) else self.recipe

    def inside(self, argv: Sequence[str]) -> list[str]:
        """Return the command that runs ``argv`` in the lab's network namespace and dies with its parent."""
        enter = ["nsenter", f"--net={self.paths.namespace_file}", "--"]
        return ["setpriv", "--pdeathsig", "KILL", "--", *enter, *argv]

    async def destroy(self) -> None:
        """Take the whole lab away from this host; needs nothing but the name of its folder."""
        await destroy(self.paths.folder)


def traces(folder: Path) -> tuple[str, ...]:
    """Return what the lab in the folder has on this host outside of it."""
    paths = LabPaths(folder)
    return (
        f"every process in the control group {paths.group}",
        f"the network namespace {paths.namespace}",
        str(paths.run),
    )


async def destroy(folder: Path) -> None:
    """Kill the processes of the lab in the folder, then remove its network, control groups and machines."""
    paths = LabPaths(folder)
    await client.end(paths.group, paths.folder / "machines")
    await network.remove(paths.namespace)
    await cgroups.remove(paths.group)
    await disks.released(paths.folder / "machines")
    for left in (paths.run, paths.folder / "machines"):
        if left.exists():
            shutil.rmtree(left)
