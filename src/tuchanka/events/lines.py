"""Events as lines of JSON, and back. Pure."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tuchanka.errors import InputError
from tuchanka.events.beats import Clock, Read, RecorderLate, RoleProbe, Streaming, VipAnnounced, VipHolders, Write
from tuchanka.events.event import Event
from tuchanka.events.nodes import Audited, ClocksCompared, Journal, MachineStopped
from tuchanka.events.trials import (
    CampaignPlanned,
    CommitsCounted,
    EvidenceKept,
    FaultHealed,
    FaultInjected,
    Healthy,
    RestoreStarted,
    RolledBack,
    RunStarted,
    ServiceHeld,
    ServiceStable,
    TrialEnded,
    TrialStarted,
)

KINDS: dict[str, type[Event]] = {
    kind.kind: kind
    for kind in (
        Clock,
        RunStarted,
        CampaignPlanned,
        TrialStarted,
        Write,
        Read,
        RoleProbe,
        Streaming,
        VipHolders,
        VipAnnounced,
        RecorderLate,
        FaultInjected,
        FaultHealed,
        ServiceHeld,
        ServiceStable,
        CommitsCounted,
        Journal,
        ClocksCompared,
        MachineStopped,
        Audited,
        RestoreStarted,
        Healthy,
        TrialEnded,
        EvidenceKept,
        RolledBack,
    )
}


def to_json(event: Event) -> str:
    """Return the event as one line of JSON, without the line's end."""
    return json.dumps({"kind": event.kind, **event.values()}, separators=(",", ":"))


def from_json(line: str, *, where: str = "history") -> Event:
    """Read one line of a history.

    Raises:
        InputError: the line is no event of this version.
    """
    try:
        values: dict[str, Any] = json.loads(line)
        kind = KINDS[values.pop("kind")]
        return kind.of(values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"not an event of a history: {line[:80]!r}", where=where, hint="was the file cut off or edited?"
        ) from error


def read_history(lines: Iterable[str], *, where: str = "history") -> Iterator[Event]:
    """Read a history line by line; an unfinished last line (the writer was killed) is left out."""
    number = 0
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            return
        yield from_json(line, where=f"{where}:{number}")
