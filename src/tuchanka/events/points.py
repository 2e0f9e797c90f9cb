"""The points in time between a fault and the service's return, and which line of a journal marks one. Pure.

What a stack's programs write is the stack's own knowledge: it has a ``JournalRule`` for each wording.
"""

from dataclasses import dataclass
from typing import Literal

MONITOR, TOKEN_LOST, RECOVERED = "monitor noticed", "token lost", "instance recovered"
MEMBERSHIP, VOTED = "membership decided", "quorum device voted"
FENCING_ASKED, FENCING_DONE = "fencing asked", "fencing done"
STOPPED, STARTED = "instance stopped", "instance started"
PROMOTION_STARTED, PROMOTION_DONE, VIP_UP = "promotion started", "promotion done", "VIP up"
JOURNAL_POINTS: tuple[str, ...] = (
    MONITOR,
    TOKEN_LOST,
    MEMBERSHIP,
    VOTED,
    FENCING_ASKED,
    FENCING_DONE,
    RECOVERED,
    STOPPED,
    STARTED,
    PROMOTION_STARTED,
    PROMOTION_DONE,
    VIP_UP,
)
"""What a journal can tell, in the order in which it is expected."""


@dataclass(frozen=True, slots=True)
class JournalRule:
    """A journal line that marks a point: ``unit`` is the whole syslog identifier, ``message`` is searched for.

    Both are regular expressions in which ``INSTANCE``, ``TARGET`` and ``VIP`` stand for the trial's instance, the
    machines that were hit and the name of the primary's VIP. ``after`` names a point that must have been seen
    before. ``of`` says whose lines count: those of the nodes that the fault left alone (``survivors``), of those
    that it hit, or of any, because a node may recover by itself.
    """

    point: str
    unit: str
    message: str
    after: str = ""
    of: Literal["survivors", "hit", "any"] = "survivors"
