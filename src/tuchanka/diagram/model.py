"""What a picture shows, without a word about where: sites, machines, copies, VIPs, replication, votes."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["primary", "standby", "stopped"]
Tone = Literal["plain", "good", "bad"]
# The sync_state of pg_stat_replication, or that nothing is replicated.
Kind = Literal["sync", "quorum", "potential", "async", "broken"]

MEANING: dict[Kind, str] = {
    "sync": "sync: a commit waits for this standby",
    "quorum": "quorum: a commit waits for enough of these",
    "potential": "potential: the next to be waited for",
    "async": "async: a commit waits for nobody",
    "broken": "not streaming",
}
VIP_MEANING = {"primary": "VIP for writing", "standby": "VIP for reading"}
DEVICE_MEANING = "fencing device: switches its node off"


@dataclass(frozen=True, slots=True)
class VipTag:
    """A floating address where it is. ``role`` is that for which clients use it."""

    name: str
    address: str
    role: Literal["primary", "standby"]


@dataclass(frozen=True, slots=True)
class CopyBox:
    """An instance on a machine."""

    instance: str
    port: int
    role: Role
    detail: str = ""
    vips: tuple[VipTag, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceTag:
    """What switches a machine off: its name, and who asks it, or that it doesn't answer."""

    name: str
    note: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class MachineBox:
    """A machine. ``copies`` has a place for every instance of the cluster, ``None`` where it isn't kept here."""

    name: str
    address: str
    copies: tuple[CopyBox | None, ...] = ()
    note: str = ""
    tone: Tone = "plain"
    device: DeviceTag | None = None


@dataclass(frozen=True, slots=True)
class SiteBox:
    """A site with the cluster's machines in it; apart the witness and those for services, which keep nothing."""

    name: str
    description: str
    machines: tuple[MachineBox, ...] = ()
    witness: MachineBox | None = None
    services: tuple[MachineBox, ...] = ()

    @property
    def beside(self) -> tuple[MachineBox, ...]:
        """The machines that keep nothing."""
        return (*((self.witness,) if self.witness else ()), *self.services)


@dataclass(frozen=True, slots=True)
class ReplicationLink:
    """Replication of an instance from one machine to another."""

    instance: str
    source: str
    target: str
    kind: Kind
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole cluster. ``votes``: whether the quorum device gives its vote (``None``: there is none).

    ``levels`` are those of fencing, in the order in which they are tried.
    """

    title: str
    caption: str
    verdict: str
    tone: Tone
    problems: tuple[str, ...]
    instances: tuple[str, ...]
    sites: tuple[SiteBox, ...]
    links: tuple[ReplicationLink, ...]
    votes: bool | None
    levels: tuple[str, ...] = ("watchdog",)


def meanings(picture: Picture) -> dict[str, str]:
    """Return the signs that the picture has → what they mean, for its legend."""
    used = {link.kind for link in picture.links}
    vips = {
        vip.role
        for site in picture.sites
        for machine in site.machines
        for copy in machine.copies
        if copy
        for vip in copy.vips
    }
    words: dict[str, str] = {kind: text for kind, text in MEANING.items() if kind in used}
    words |= {f"vip-{role}": text for role, text in VIP_MEANING.items() if role in vips}
    if picture.votes is not None:
        words["votes"] = "votes of the witness" if picture.votes else "the witness gives no vote"
    if any(machine.device for site in picture.sites for machine in site.machines):
        words["device"] = DEVICE_MEANING
    return words
