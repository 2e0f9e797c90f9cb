"""When a machine stopped, from its supervisor's log. Pure."""

import json
from collections.abc import Iterable


def stops(lines: Iterable[str]) -> tuple[tuple[float, str], ...]:
    """Return when the machine stopped (monotonic seconds), and why: the reason of a power cut, or ``ended``.

    A power cut takes effect when it is made; the end of nspawn that follows it is the same stop. Lines that are cut
    off are left out.
    """
    found: list[tuple[float, str]] = []
    cut = False
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        match entry.get("what"):
            case "booted":
                cut = False
            case "power cut":
                found.append((float(entry["t"]), str(entry["reason"])))
                cut = True
            case "ended" if not cut:
                found.append((float(entry["t"]), "ended"))
    return tuple(found)
