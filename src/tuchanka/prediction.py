"""A predicted reaction: its phases, one after the other. Made by a stack's timing."""

from dataclasses import dataclass
from typing import Literal

Reaction = Literal[
    "failover",
    "failover without device",
    "self-fence",
    "failed stop",
    "stuck stop",
    "move",
    "crash",
    "hang",
    "controller lost",
    "controller hung",
    "daemon lost",
    "daemon hung",
    "supervisor lost",
    "supervisor hung",
    "unnoticed",
]
"""What a fault makes of the primary's node; a stack knows what it does about it, and how long that takes.

``failover``: the node falls silent. ``failover without device``: so does what would switch it off.
``self-fence``: nothing feeds its watchdog any more. ``failed stop``: it answers
and can do nothing, not even stop what it has; ``stuck stop``: because its storage hangs. ``move``: the primary can't
write. ``crash``, ``hang``: the server is dead, or answers nobody. ``controller``: what acts for the cluster manager
on the node; ``daemon``: another part of the cluster manager; ``supervisor``: what looks after these.
``unnoticed``: no client notices.
"""


@dataclass(frozen=True, slots=True)
class Phase:
    """One step between a fault and the first write: its name, how long it lasts, and the rule it comes from."""

    name: str
    seconds: float
    rule: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predicted reaction to a fault of the primary's node: its phases, one after the other."""

    reaction: Reaction
    phases: tuple[Phase, ...]

    @property
    def seconds(self) -> float:
        """The whole reaction in seconds."""
        return sum(phase.seconds for phase in self.phases)
