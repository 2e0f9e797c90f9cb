"""What every event has."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self


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
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})
