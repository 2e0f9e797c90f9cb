"""What the keeper of an archive is told of an instance, in a file of the node. Pure."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """What the keeper of an instance has to know of it; times are in seconds."""

    instance: str
    postgresql: int
    port: int
    full_s: int
    differential_s: int


def keeper_json(kept: Sequence[Kept]) -> str:
    """Return what the keeper reads: instance → what it has to know."""
    return json.dumps({one.instance: asdict(one) for one in kept}, indent=2) + "\n"


def read_kept(text: str, instance: str) -> Kept:
    """Read what ``keeper_json`` wrote of one instance.

    Raises:
        KeyError: there is no such instance.
    """
    return Kept(**json.loads(text)[instance])
