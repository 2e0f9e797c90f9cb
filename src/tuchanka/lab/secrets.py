"""The lab's passwords and keys: generated once, kept in files that only root can read."""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from tuchanka.lab.folder import LabFolder
from tuchanka.writing import write_atomically


@dataclass(frozen=True, slots=True)
class Secrets:
    """What machines of one lab share. Never shown: ``repr`` leaves the values out.

    ``services`` maps the name of a service's password to it.
    """

    replication: str = field(repr=False)
    corosync_key: str = field(repr=False)
    services: Mapping[str, str] = field(repr=False)


def ensure(folder: LabFolder, services: Collection[str]) -> Secrets:
    """Return the lab's secrets; what is missing, of its own and of these passwords of services, is made."""
    file = folder.secrets / "secrets.json"
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = {"replication", "corosync_key", *services} - kept.keys()
    if missing:
        folder.secrets.mkdir(exist_ok=True, mode=0o700)
        # corosync-keygen(8): at least 128 bytes; text serves as well as any other bytes.
        made = {
            name: secrets.token_hex(128) if name == "corosync_key" else secrets.token_urlsafe(24)
            for name in sorted(missing)
        }
        kept |= made
        write_atomically(file, json.dumps(kept), mode=0o600)
    return Secrets(kept["replication"], kept["corosync_key"], {name: kept[name] for name in services})
