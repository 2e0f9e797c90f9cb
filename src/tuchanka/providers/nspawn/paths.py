"""Where everything of an nspawn lab is: one place for names, so that ``destroy`` finds what ``up`` made.

All names follow from the lab's state folder alone: two labs never share one, and a lab can be taken away even when
its topology file is gone.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tuchanka.providers.bridge.network import namespace_file

RUN = Path("/run/tuchanka")


@dataclass(frozen=True, slots=True)
class MachinePaths:
    """The folders and files of one machine.

    ``disk`` has its layers (see ``providers.layers``) and is kept, ``run`` is gone when the host restarts.
    """

    disk: Path
    run: Path

    @property
    def mounts(self) -> Path:
        """Where the supervisor mounts the disks, in a mount namespace of its own."""
        return self.run / "mounts"

    @property
    def console(self) -> Path:
        """What the machine wrote to its console."""
        return self.disk / "console.log"

    @property
    def log(self) -> Path:
        """What the supervisor did: a JSON object a line."""
        return self.disk / "supervisor.log"

    @property
    def control(self) -> Path:
        """The supervisor's socket."""
        return self.run / "control"

    @property
    def unlinked(self) -> Path:
        """The file that is there while the machine's link is set down."""
        return self.run / "unlinked"

    @property
    def watchdog_fails(self) -> Path:
        """The file that is there while the machine's watchdog never fires."""
        return self.run / "watchdog-fails"

    @property
    def bmc_password(self) -> Path:
        """The password of the machine's BMC."""
        return self.disk / "bmc.password"

    @property
    def watchdog(self) -> Path:
        """The FIFO that is the machine's watchdog device."""
        return self.run / "watchdog"


@dataclass(frozen=True, slots=True)
class LabPaths:
    """The names of one lab. ``folder`` is its state folder, absolute."""

    folder: Path

    @property
    def label(self) -> str:
        """The lab's name on this host: the folder's name, and a hash of its whole path."""
        readable = re.sub(r"[^a-z0-9]+", "-", self.folder.name.lower()).strip("-")[:20]
        return f"{readable or 'lab'}-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]}"

    @property
    def namespace(self) -> str:
        """The network namespace, as ``ip netns`` shows it."""
        return f"tuchanka-{self.label}"

    @property
    def namespace_file(self) -> Path:
        """The file that holds the network namespace."""
        return namespace_file(self.namespace)

    @property
    def run(self) -> Path:
        """Sockets and FIFOs."""
        return RUN / self.label

    @property
    def group(self) -> str:
        """The lab's control group below the root of each hierarchy."""
        return f"tuchanka/{self.label}"

    @property
    def bmcs(self) -> Path:
        """What the machines' BMCs need and leave."""
        return self.run / "bmcs"

    def machine(self, name: str) -> MachinePaths:
        """Return the paths of the machine called ``name``."""
        return MachinePaths(self.folder / "machines" / name, self.run / name)
