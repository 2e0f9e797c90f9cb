"""What a fault is: a description, and two verbs over what a machine can do."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from tuchanka.errors import UnknownName
from tuchanka.machines.protocols import Machine


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure that can be injected and healed.

    ``apply`` returns when it took effect, in seconds of CLOCK_MONOTONIC. ``heal`` puts right what ``apply`` did, and
    is safe to call on a machine that has nothing to heal. ``needs`` names the machine's capability it uses.
    """

    name: str
    needs: str
    does: str
    expect: str
    apply: Callable[[Machine], Coroutine[Any, Any, float]]
    heal: Callable[[Machine], Coroutine[Any, Any, None]]


def find(catalogue: dict[str, Fault], name: str) -> Fault:
    """Return the fault called ``name``.

    Raises:
        UnknownName: there is none.
    """
    if name not in catalogue:
        raise UnknownName("fault", name, sorted(catalogue))
    return catalogue[name]
