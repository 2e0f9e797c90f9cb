"""What a fault is: a description, and two verbs over what the machines of a scene can do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from tuchanka.errors import UnknownName
from tuchanka.lab.lab import Lab
from tuchanka.providers.base import Machine
from tuchanka.topology.types import Cluster, Instance

Family = Literal["power", "network", "processes", "resources", "storage", "machine", "double", "operations"]
Scope = Literal["node", "site", "cluster", "witness"]


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a fault acts: ``target`` is the name of a node, a site, a cluster or the witness.

    ``machines`` are the machines that the target stands for; ``instance`` is the one that is watched, and
    ``primary`` the node with its primary when the fault begins (both ``None`` outside a trial).
    """

    lab: Lab
    target: str
    machines: tuple[Machine, ...]
    cluster: Cluster | None = None
    instance: Instance | None = None
    primary: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its machines."""
        return tuple(machine.name for machine in self.machines)

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """The scene's cluster; where it is of none alone (a whole site), every one that has a machine in it."""
        if self.cluster is not None:
            return (self.cluster,)
        mine = set(self.names)
        return tuple(one for one in self.lab.topology.clusters if mine & {node.name for node in one.nodes})


def comes_back(scene: Scene) -> bool:
    """Say that the service is to come back while the fault lasts."""
    del scene
    return True


def waits_for_healing(scene: Scene) -> bool:
    """Say that the service can't come back before the fault is healed."""
    del scene
    return False


def fits_all(cluster: Cluster) -> str:
    """Say that nothing keeps the fault from being tried on a cluster."""
    del cluster
    return ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure, or a planned operation, that can be injected and healed.

    ``apply`` returns when it took effect, in seconds of CLOCK_MONOTONIC; it may go on for a while after that
    moment. ``heal`` puts right what ``apply`` did, and is safe to call on a scene that has nothing to heal, or on
    one where ``apply`` was killed halfway. ``scope`` is what its target is: a fault of a node may be applied to
    several at once. ``needs`` names the capabilities it uses, ``proves`` what a trial of it shows. ``returns`` says
    of a scene whether the service is expected back before the healing. ``unfit`` says why it can't be tried on a
    cluster (one site can't be split), empty where it can. ``role`` is the only role whose nodes it can hit:
    a trial that was to hit another role's node hits one of those.
    """

    name: str
    family: Family
    scope: Scope
    needs: tuple[str, ...]
    does: str
    expect: str
    proves: str
    apply: Callable[[Scene], Awaitable[float]]
    heal: Callable[[Scene], Awaitable[None]]
    returns: Callable[[Scene], bool] = comes_back
    unfit: Callable[[Cluster], str] = fits_all
    role: Literal["primary", "standby"] | None = None


def find(catalogue: dict[str, Fault], name: str) -> Fault:
    """Return the fault called ``name``.

    Raises:
        UnknownName: there is none.
    """
    if name not in catalogue:
        raise UnknownName("fault", name, sorted(catalogue))
    return catalogue[name]
