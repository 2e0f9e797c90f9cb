"""What differs between two topologies, in the words of the file: ``key: was X, is now Y``. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import zip_longest
from typing import Any

from tuchanka.topology.types import Topology

# Where the file has another word for it than the topology; all else has the same name in both.
IN_THE_FILE = {
    "overrides": "timing",
    "limits": "machine",
    "memory_bytes": "memory",
    "root_disk_bytes": "root_disk",
    "data_disk_bytes": "data_disk",
    "ssh_public_key": "ssh.public_key",
    "full_s": "full",
    "differential_s": "differential",
    "keep_s": "keep",
    "timeout_s": "archive_timeout",
}
# Tables of the file that are keyed by a name. Every other list keeps its numbers.
BY_NAME = ("sites", "services", "clusters", "nodes", "instances")
# The name of the file says nothing about the lab.
LEFT_OUT = ("source",)
NEWS = 3


def differences(was: Topology, now: Topology) -> tuple[str, ...]:
    """Return a line for every key that differs, in the order of ``Topology``.

    There is none exactly if the two mean the same, whatever their files look like.
    """
    return tuple(_fields(was, now, ""))


def in_short(lines: tuple[str, ...]) -> str:
    """Return the first few differences as a part of a sentence, and how many there are beside."""
    more = len(lines) - NEWS
    rest = (f"and {more} more {'key' if more == 1 else 'keys'}",) if more > 0 else ()
    return "; ".join((*lines[:NEWS], *rest))


def _fields(was: Any, now: Any, path: str) -> Iterator[str]:
    for field in fields(was):
        if field.name not in LEFT_OUT:
            key = path + IN_THE_FILE.get(field.name, field.name)
            yield from _values(getattr(was, field.name), getattr(now, field.name), key, field.name)


def _values(was: Any, now: Any, key: str, name: str = "") -> Iterator[str]:
    if was == now:
        return
    if name in BY_NAME and not (_plain(was) and _plain(now)):
        yield from _mapping({one.name: one for one in was}, {one.name: one for one in now}, key)
    elif isinstance(was, Mapping) and isinstance(now, Mapping):
        yield from _mapping(was, now, key)
    elif isinstance(was, tuple) and isinstance(now, tuple) and not (_plain(was) and _plain(now)):
        for number, (before, after) in enumerate(zip_longest(was, now)):
            yield from _values(before, after, f"{key}[{number}]")
    elif is_dataclass(was) and is_dataclass(now):
        yield from _fields(was, now, f"{key}.")
    else:
        yield f"{key}: was {_shown(was)}, is now {_shown(now)}"


def _mapping(was: Mapping[str, Any], now: Mapping[str, Any], key: str) -> Iterator[str]:
    for name in dict.fromkeys((*was, *now)):
        yield from _values(was.get(name), now.get(name), f"{key}.{name}")
    if set(was) == set(now) and list(was) != list(now) and any(is_dataclass(one) for one in now.values()):
        # The order has a meaning of its own: corosync numbers the nodes by it.
        yield f"{key}: was in the order {', '.join(was)}, is now in the order {', '.join(now)}"


def _plain(values: tuple[Any, ...]) -> bool:
    """Whether a list holds values, not tables."""
    return not any(is_dataclass(one) for one in values)


def _shown(value: Any) -> str:
    """Return a value as it would be written in the file; a whole table is only there, or not."""
    if value is None:
        return "absent"
    if is_dataclass(value):
        return "there"
    if isinstance(value, tuple):
        return f"[{', '.join(_shown(one) for one in value)}]"
    return json.dumps(value if isinstance(value, bool | int | float) else str(value), ensure_ascii=False)
