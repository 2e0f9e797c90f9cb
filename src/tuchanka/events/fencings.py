"""Who fenced whom, how, and how long it took: from the lines of the nodes' journals. Pure.

Which lines say so is told by the rules of a stack; what is read is a trial's journals, or those of a live cluster.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from tuchanka.events.points import JournalRule

REQUESTED, TOLD, SURE, ENDED = "fencing: requested", "fencing: told", "fencing: sure", "fencing: ended"
"""What a line can say of a fencing; a rule's ``message`` has the groups that it needs.

``REQUESTED``: ``target``. ``TOLD``: ``target``, ``device`` and ``status`` (an agent ended). ``SURE``: ``target`` and
``words`` (an agent says what it relies on, or the cluster that it takes the node for reset). ``ENDED``: ``target``,
and where they are known ``by``, ``client`` (the program that wanted it) and ``result``.
"""
SAID = frozenset({REQUESTED, TOLD, SURE, ENDED})
SELF = "its own watchdog"
NOBODY = frozenset({"", "unknown node"})
"""What the end of a fencing says of who did it where nobody did."""
WELL = re.compile(r"OK|Done|complete", re.IGNORECASE)


class Line(Protocol):
    """A line of a node's journal; ``t`` in seconds of one clock for all nodes."""

    @property
    def t(self) -> float:
        """When it was written."""

    @property
    def node(self) -> str:
        """Whose journal it is in."""

    @property
    def unit(self) -> str:
        """The syslog identifier."""

    @property
    def message(self) -> str:
        """The text."""


@dataclass(frozen=True, slots=True)
class Fencing:
    """One request to fence ``target``, by the node ``by``.

    ``how`` names the device, or says that its own watchdog is taken for it; empty where no line tells. ``requested``
    and ``ended`` are seconds of the lines' clock, ``ended`` is None while it goes on; ``well`` where it succeeded.
    ``words`` are the agent's own. ``client`` is the program that wanted it, the cluster's controller or a person's
    command; empty until the end, which tells.
    """

    target: str
    by: str
    how: str
    requested: float
    ended: float | None
    well: bool
    words: str = ""
    client: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it goes on."""
        return None if self.ended is None else self.ended - self.requested


def fencings(lines: Iterable[Line], rules: Iterable[JournalRule]) -> tuple[Fencing, ...]:
    """Return every fencing that the lines tell of, in the order of the requests.

    The node that was asked has the request and the end in its own journal; what an agent says is there, too, or on
    another node that carried it out. Other nodes repeat the end: of those lines nothing is new.
    """
    known = [(rule.point, re.compile(rule.unit), re.compile(rule.message)) for rule in rules if rule.point in SAID]
    found: list[Fencing] = []
    for line in sorted(lines, key=lambda one: one.t):
        for point, unit, message in known:
            if unit.fullmatch(line.unit) and (match := message.search(line.message)):
                _take(found, line, point, {name: text or "" for name, text in match.groupdict().items()})
    return tuple(found)


def _take(found: list[Fencing], line: Line, point: str, said: dict[str, str]) -> None:
    """Add what one line says to the latest fencing of its target that goes on."""
    place = next((n for n in reversed(range(len(found))) if found[n].target == said["target"]), None)
    going_on = place is not None and found[place].ended is None
    if point == REQUESTED:
        if not going_on:
            found.append(Fencing(said["target"], line.node, "", line.t, None, well=False))
    elif place is not None and going_on:
        found[place] = _with(found[place], line, point, said)


def _with(one: Fencing, line: Line, point: str, said: dict[str, str]) -> Fencing:
    # Once the watchdog is waited for, the agent that waits for it is no device that did it.
    if point == TOLD and said["status"] == "0" and one.how != SELF:
        return replace(one, how=said["device"])
    if point == SURE:
        words = said["words"]
        return replace(one, words=words, how=SELF if "watchdog" in words or "self-fence" in words else one.how)
    if point == ENDED:
        by = said.get("by", "")
        return replace(
            one,
            ended=line.t,
            well=bool(WELL.search(said.get("result", "OK"))),
            by=one.by if by in NOBODY else by,
            client=said.get("client", ""),
        )
    return one
