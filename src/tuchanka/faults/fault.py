"""What a fault is: a description, and two verbs over what the machines of a target can do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from tuchanka.errors import UnknownName
from tuchanka.lab.lab import Lab
from tuchanka.prediction import Reaction
from tuchanka.providers.base import Machine
from tuchanka.topology.types import Cluster, Instance

Family = Literal[
    "power", "network", "processes", "resources", "storage", "machine", "fencing", "double", "operations", "services"
]
Scope = Literal["node", "site", "cluster", "witness", "service"]

GivesUp = Literal["target", "by vote", "in turn", "in order"]
"""Which copies a fault takes away: those on its target; those of the side that the votes go against, target or not;
a standby, and the primary when the cluster has got over that; or any, but in order, when standbys have everything.
"""


class HealRank(IntEnum):
    """When a fault is healed: the lowest first, as a machine that is paused, cut off, or off obeys no command.

    What fences works again before a node that was cut off finds back to the others.
    """

    DISK = 1
    RUNNING = 2
    FENCING = 3
    NETWORK = 4
    POWER = 5
    PROCESSES = 6
    RESOURCES = 7
    DATA = 8
    CLUSTER = 9


@dataclass(frozen=True, slots=True)
class Target:
    """What a fault hits: ``name`` is that of a node, a site, a cluster, the witness or a machine for services.

    ``machines`` are the machines that it stands for; ``instance`` is the one that is watched, and ``primary`` the
    node with its primary when the fault begins (both ``None`` outside a trial).
    """

    lab: Lab
    name: str
    machines: tuple[Machine, ...]
    cluster: Cluster | None = None
    instance: Instance | None = None
    primary: str | None = None

    @property
    def machine_names(self) -> tuple[str, ...]:
        """The names of its machines."""
        return tuple(machine.name for machine in self.machines)

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """Its cluster; where it is of none alone (a whole site), every one that has a machine in it."""
        if self.cluster is not None:
            return (self.cluster,)
        mine = set(self.machine_names)
        return tuple(one for one in self.lab.topology.clusters if mine & {node.name for node in one.nodes})


def comes_back(target: Target) -> bool:
    """Say that the service is to come back while the fault lasts."""
    del target
    return True


def waits_for_healing(target: Target) -> bool:
    """Say that the service can't come back before the fault is healed."""
    del target
    return False


def fits_all(cluster: Cluster) -> str:
    """Say that nothing keeps the fault from being tried on a cluster."""
    del cluster
    return ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure, or a planned operation, that can be injected and healed; everything that is its own is said here.

    ``apply`` returns when it took effect, in seconds of CLOCK_MONOTONIC; it may go on for a while after that
    moment. ``heal`` puts right what ``apply`` did, and is safe to call on a target that has nothing to heal, or on
    one where ``apply`` was killed halfway. ``heal_rank`` is its place where everything is healed; ``None`` where
    another fault's healing does as well. ``scope`` is what its target is: a fault of a node may be applied to
    several at once. ``needs`` names the capabilities it uses, ``proves`` what a trial of it shows. ``returns`` says
    of a target whether the service is expected back before the healing. ``unfit`` says why it can't be tried on a
    cluster (one site can't be split), empty where it can. ``role`` is the only role whose nodes it can hit:
    a trial that was to hit another role's node hits one of those.

    ``predicts`` is what is predicted where it hits the primary's node, ``None`` where that can't be said.
    ``gives_up`` and ``exempt`` say what a trial of it doesn't promise: commits, and the checks of these names.
    """

    name: str
    family: Family
    scope: Scope
    needs: tuple[str, ...]
    does: str
    expect: str
    proves: str
    apply: Callable[[Target], Awaitable[float]]
    heal: Callable[[Target], Awaitable[None]]
    heal_rank: HealRank | None
    returns: Callable[[Target], bool] = comes_back
    unfit: Callable[[Cluster], str] = fits_all
    role: Literal["primary", "standby"] | None = None
    predicts: Reaction | None = None
    gives_up: GivesUp = "target"
    exempt: tuple[str, ...] = ()


def find(catalogue: dict[str, Fault], name: str) -> Fault:
    """Return the fault called ``name``.

    Raises:
        UnknownName: there is none.
    """
    if name not in catalogue:
        raise UnknownName("fault", name, sorted(catalogue))
    return catalogue[name]
