"""The lab's passwords and keys: generated once, kept in files that only root can read."""

import json
import secrets
from dataclasses import asdict, dataclass, field

from tuchanka.lab.folder import LabFolder
from tuchanka.writing import write_atomically


@dataclass(frozen=True, slots=True)
class Secrets:
    """What machines of one lab share. Never shown: ``repr`` leaves the values out."""

    replication: str = field(repr=False)
    heartbeat: str = field(repr=False)
    corosync_key: str = field(repr=False)


def ensure(folder: LabFolder) -> Secrets:
    """Return the lab's secrets, made on the first call."""
    file = folder.secrets / "secrets.json"
    if not file.exists():
        folder.secrets.mkdir(exist_ok=True, mode=0o700)
        made = Secrets(
            replication=secrets.token_urlsafe(24),
            heartbeat=secrets.token_urlsafe(24),
            # corosync-keygen(8): at least 128 bytes; text serves as well as any other bytes.
            corosync_key=secrets.token_hex(128),
        )
        write_atomically(file, json.dumps(asdict(made)), mode=0o600)
    return Secrets(**json.loads(file.read_text()))
