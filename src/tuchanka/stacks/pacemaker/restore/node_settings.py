"""What the ``restore`` of a node has to know of its cluster; rendered as JSON into a file of the node. Pure."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from tuchanka.errors import UnknownName
from tuchanka.instance_paths import InstancePaths


@dataclass(frozen=True, slots=True)
class KeptInstance:
    """An instance that the node keeps; ``others`` maps the other nodes that keep it to their addresses."""

    name: str
    port: int
    others: dict[str, str]


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """The node and its part of the cluster. ``postgresql`` is the major version, ``services`` in order of start."""

    node: str
    cluster: str
    postgresql: int
    witness: bool
    services: tuple[str, ...]
    instances: tuple[KeptInstance, ...]

    def instance(self, name: str) -> KeptInstance:
        """Return the instance of this name.

        Raises:
            UnknownName: the node doesn't keep it.
        """
        for kept in self.instances:
            if kept.name == name:
                return kept
        raise UnknownName("instance", name, [kept.name for kept in self.instances])

    def paths(self, instance: str) -> InstancePaths:
        """Return the folders of an instance."""
        return InstancePaths(self.postgresql, instance)


def write_settings(settings: NodeSettings) -> str:
    """Return the file's text."""
    return json.dumps(asdict(settings), indent=2) + "\n"


def read_settings(text: str) -> NodeSettings:
    """Read what ``write_settings`` wrote."""
    fields: dict[str, Any] = json.loads(text)
    fields["services"] = tuple(fields["services"])
    fields["instances"] = tuple(KeptInstance(**kept) for kept in fields["instances"])
    return NodeSettings(**fields)
