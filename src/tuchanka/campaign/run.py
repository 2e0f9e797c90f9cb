"""Several trials, one after the other, into one history."""

from dataclasses import dataclass

from tuchanka.campaign.history import History
from tuchanka.campaign.trial import Trial, run_trial
from tuchanka.cluster.observe import observe
from tuchanka.errors import LabError
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import find
from tuchanka.lab.lab import Lab
from tuchanka.lab.progress import Progress
from tuchanka.machines.protocols import Machine
from tuchanka.topology.types import Cluster

PACKAGES = ("postgresql-17", "pacemaker", "corosync", "sbd", "resource-agents-paf")


@dataclass(frozen=True, slots=True)
class Plan:
    """One trial to come: ``target`` is ``primary``, ``standby`` (the first) or a node's name."""

    cluster: str
    fault: str
    target: str


def plan_trials(clusters: list[str], faults: list[str], *, rounds: int, target: str) -> list[Plan]:
    """Return every fault on every cluster, ``rounds`` times."""
    return [Plan(cluster, fault, target) for _ in range(rounds) for cluster in clusters for fault in faults]


async def run_trials(lab: Lab, plans: list[Plan], history: History, progress: Progress) -> None:
    """Run the trials; their results are in the history."""
    first = lab.nodes(lab.topology.cluster(plans[0].cluster))[0]
    history.begin(lab, await versions(first))
    for number, plan in enumerate(plans, 1):
        cluster = lab.topology.cluster(plan.cluster)
        instance = cluster.instances[0]
        target = await resolve(lab, cluster, instance.name, plan.target)
        trial = Trial(number, cluster, instance, find(CATALOGUE, plan.fault), target)
        await run_trial(lab, trial, history, progress)


async def resolve(lab: Lab, cluster: Cluster, instance: str, target: str) -> str:
    """Return the node that a target stands for now."""
    if target not in {"primary", "standby"}:
        return cluster.node(target).name
    copies = (await observe(lab, cluster)).instance(instance).copies
    found = [copy.node for copy in copies if copy.role == target]
    if not found:
        raise LabError(f"{instance} has no {target}", where=cluster.name, hint="see 'tuchanka status'")
    return found[0]


async def versions(machine: Machine) -> dict[str, str]:
    """Return program → version of what is measured."""
    command = ["dpkg-query", "--show", "--showformat=${Package} ${Version}\\n", *PACKAGES]
    done = await machine.run(command, check=False)
    return dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if " " in line)
