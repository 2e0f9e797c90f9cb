"""When a machine stopped, from its supervisor's log. Pure."""

import json
from collections.abc import Iterable

from tuchanka.providers.base import Stop


def stops(lines: Iterable[str]) -> tuple[Stop, ...]:
    """Return when the machine stopped, and why: the reason of a power cut, or ``ended``.

    A power cut takes effect when it is made; the end of nspawn that follows it is the same stop. Lines that are cut
    off are left out.
    """
    found: list[Stop] = []
    cut = False
    frozen = thawed = None
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        match entry.get("what"):
            case "booted":
                cut = False
                frozen = thawed = None
            case "frozen":
                frozen, thawed = float(entry["t"]), None
            case "thawed":
                thawed = float(entry["t"])
            case "power cut":
                found.append(Stop(float(entry["t"]), str(entry["reason"]), frozen, thawed))
                cut = True
            case "ended" if not cut:
                found.append(Stop(float(entry["t"]), "ended", frozen, thawed))
    return tuple(found)
