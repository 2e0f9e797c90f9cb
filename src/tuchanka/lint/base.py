"""What a check of the lint says, and how instances are called in it."""

from dataclasses import dataclass
from typing import Literal

from tuchanka.topology.types import Cluster, Instance


@dataclass(frozen=True, slots=True)
class Said:
    """A finding before it knows its file."""

    severity: Literal["error", "warning"]
    key: str
    what: str
    instead: str


def instance_key(cluster: Cluster, instance: Instance) -> str:
    """Return the key of the instance's table."""
    return f"clusters.{cluster.name}.instances.{instance.name}"


def counted(count: int, noun: str) -> str:
    """Return "1 standby" or "2 standbys"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
