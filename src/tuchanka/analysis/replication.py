"""The standbys of one instance: how long one was missing, and which of them was promoted. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from tuchanka.analysis.primaries import Handover
from tuchanka.analysis.trial_record import Watched
from tuchanka.events import RoleProbe, Streaming

# So long no primary has said anything of its standbys.
SILENT_S = 2.5


@dataclass(frozen=True, slots=True)
class Redundancy:
    """Whether every standby streamed. ``gone``: one was missing at some time after the fault.

    ``back`` is when all streamed for good (None: not any more, or never gone); ``missing`` those that didn't at the
    end.
    """

    gone: bool
    back: float | None
    missing: tuple[str, ...]


def redundancy(watched: Watched, injected: float) -> Redundancy | None:
    """Return how the standbys fared after the fault; None where no primary was asked."""
    seen = [one for one in watched.streaming if one.due >= injected]
    if not seen:
        return None
    # A primary says it at least once a second: where none did, there was no primary to stream from.
    dues = (injected, *(one.due for one in seen))
    silent = [index for index, (before, due) in enumerate(pairwise(dues)) if due - before > SILENT_S]
    short = [index + 1 for index, one in enumerate(seen) if _missing(watched, one)]
    after = seen[max(short + silent) :] if short or silent else []
    return Redundancy(bool(short or silent), after[0].t if after else None, _missing(watched, seen[-1]))


def _missing(watched: Watched, seen: Streaming) -> tuple[str, ...]:
    """Return the standbys that the primary doesn't see streaming."""
    return tuple(
        node
        for node in watched.nodes
        if node != seen.node and seen.standbys.get(node, "").partition("/")[0] != "streaming"
    )


@dataclass(frozen=True, slots=True)
class Promoted:
    """The standby that a handover promoted, and the others: ``behind`` maps one of them to the bytes of log that it
    had more. ``known``: the promoted one was asked for its position.
    """

    known: bool
    behind: dict[str, int]


def promoted(watched: Watched, handover: Handover, hit: Collection[str]) -> Promoted:
    """Compare the promoted standby with the others, as far as they could be asked and were not hit.

    What a standby had received is compared between the old primary's last answer and the promotion; of the others
    an answer counts that came before the promoted one was asked: it had less then, whatever came later.
    """

    def asked(probe: RoleProbe) -> bool:
        return (
            probe.role == "standby"
            and probe.lsn is not None
            and handover.since < probe.due
            and probe.t <= handover.at
        )

    of_new = [one for one in watched.probes if one.node == handover.new and asked(one)]
    if not of_new:
        return Promoted(known=False, behind={})
    last = of_new[-1]
    most: dict[str, int] = {}
    for one in watched.probes:
        if one.node not in {handover.new, handover.old, *hit} and asked(one) and one.t <= last.due:
            most[one.node] = max(most.get(one.node, 0), one.lsn or 0)
    had = last.lsn or 0
    return Promoted(known=True, behind={node: lsn - had for node, lsn in most.items() if lsn > had})
