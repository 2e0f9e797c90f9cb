"""A fault that does nothing, and a target on machines in memory."""

from pathlib import Path

from tuchanka.faults.fault import Fault, HealRank, Scope, Target
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.providers.fake import FakeProvider
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.topology.load import load


async def apply(target: Target) -> float:
    del target
    return 0.0


async def heal(target: Target) -> None:
    del target


def described(scope: Scope) -> Fault:
    return Fault("nothing", "power", scope, (), "does nothing", "nothing", "nothing", apply, heal, HealRank.POWER)


def target_of(folder: Path, provider: FakeProvider, cluster: str, node: str, instance: str | None) -> Target:
    """A target on a fake machine that is on."""
    topology = load(None)
    lab = Lab(LabFolder(folder), topology, provider, PACEMAKER)
    provider.machine(node).on = True
    found = topology.cluster(cluster)
    return Target(lab, node, (lab.machine(node),), found, found.instance(instance) if instance else None, node)
