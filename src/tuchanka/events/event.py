"""What every event has."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any, ClassVar, Literal, Self, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Event:
    """What every event has: when it happened."""

    kind: ClassVar[str] = "event"
    t: float

    def values(self) -> dict[str, Any]:
        """Return the event's values as JSON holds them."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the event with these values of JSON; what this version doesn't know is left out.

        Raises:
            TypeError, ValueError, KeyError, AttributeError: they are no values of such an event.
        """
        kind: type = cls
        known, words = _shape(kind)
        for name, choice in words:
            if name in values and values[name] not in choice:
                raise ValueError(f"{name} is none of {', '.join(sorted(choice))}")
        return cls(**{name: value for name, value in values.items() if name in known})


@cache
def _shape(kind: type) -> tuple[frozenset[str], tuple[tuple[str, frozenset[str]], ...]]:
    """Return the names of the event's values, and those that are one of a few words, with these words."""
    names, hints = frozenset(one.name for one in fields(kind)), get_type_hints(kind)
    few = {name: hints[name] for name in names if get_origin(hints[name]) is Literal}
    return names, tuple((name, frozenset(get_args(hint))) for name, hint in few.items())
