"""What faults and campaigns ask of the stack that keeps a lab's clusters available.

There is one stack so far (``stacks.pacemaker``), so this is no model of what a stack could be: it is the list of what
is used above it, and by that of what a second one has to offer. Whatever else knows a stack (commands, stages,
faults of its processes and planned operations) imports it.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tuchanka.events import Event, JournalRule, NodeFacts
from tuchanka.lab.progress import Progress
from tuchanka.prediction import Prediction, Reaction
from tuchanka.topology.types import Cluster, Instance, Topology

if TYPE_CHECKING:
    from tuchanka.lab.lab import Lab

Unsettled = Callable[[Mapping[str, NodeFacts]], bool]
"""Whether what the nodes show may still settle by itself."""

FinishAudit = Callable[[int, Unsettled], Awaitable[tuple[Event, ...]]]
"""Looks at the nodes once more, after the trial of this number; returns what belongs into the history."""

Restore = Callable[[Progress], Coroutine[Any, Any, None]]
"""Does what was planned."""


class Stack(Protocol):
    """The verbs of a stack. Each raises ``TuchankaError`` where a cluster can't be asked, or doesn't obey."""

    @property
    def packages(self) -> Sequence[str]:
        """The packages whose versions matter for what is measured, without PostgreSQL's."""

    @property
    def evidence(self) -> Mapping[str, str]:
        """File → the shell command whose output it holds: what a node can say about a failed trial."""

    @property
    def journal_rules(self) -> Sequence[JournalRule]:
        """What the lines of the nodes' journals mean."""

    def predict(self, topology: Topology, cluster: Cluster, reaction: Reaction) -> Prediction | None:
        """Predict the reaction to a fault that does this to the primary's node; ``None`` where none can be made."""

    async def bring_up(self, lab: "Lab", cluster: Cluster, progress: Progress) -> None:
        """Make the cluster healthy, whatever state it is in."""

    async def roles(self, lab: "Lab", cluster: Cluster, instance: Instance) -> Mapping[str, str]:
        """Return node → role (``primary``, ``standby``, ``stopped``) of each copy of the instance."""

    async def is_lost(self, lab: "Lab", cluster: Cluster, node: str) -> bool:
        """Say whether the others have got over the loss of the node: it is fenced, and they have quorum."""

    async def plan_restore(self, lab: "Lab", cluster: Cluster, node: str) -> Restore:
        """Look at the failed node, and return what restores it."""

    async def begin_audit(self, lab: "Lab", cluster: Cluster) -> FinishAudit:
        """Look at every node of the healthy cluster before a trial."""


def primary_of(roles: Mapping[str, str]) -> str | None:
    """Return the node with the primary, if there is exactly one."""
    primaries = [node for node, role in roles.items() if role == "primary"]
    return primaries[0] if len(primaries) == 1 else None
