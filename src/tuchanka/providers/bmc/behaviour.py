"""How a BMC behaves: what it answers, and what it does about an order, for each ``BmcBehaviour``. Pure.

``ipmi_sim`` asks for ``power`` and sets ``power``, ``reset`` and more (``shutdown``, ``boot``), several in one call.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from tuchanka.providers.base import BmcBehaviour

Order = Literal["power-on", "power-off", "reset"]
ORDERS: dict[tuple[str, str], Order] = {
    ("power", "0"): "power-off",
    ("power", "1"): "power-on",
    ("reset", "1"): "reset",
    ("reset", "0"): "reset",
}


@dataclass(frozen=True, slots=True)
class State:
    """How a BMC is to behave; ``machine`` is the one whose power it has, ``told_off``: it was told to switch off."""

    machine: str
    behaviour: BmcBehaviour = "works"
    told_off: bool = False

    @property
    def answers(self) -> bool | None:
        """Whether it says that the machine is on; ``None``: what is true."""
        if self.behaviour == "forgot" or (self.behaviour == "lies" and self.told_off):
            return False
        return None

    @property
    def obeys(self) -> bool:
        """Whether it carries an order out."""
        return self.behaviour in {"works", "slow", "wrong node"}


def parsed(text: str, machines: Collection[str]) -> State:
    """Return the state that is written as JSON.

    Raises:
        ValueError: it isn't one, or has the power of none of the machines.
    """
    try:
        state = State(**json.loads(text))
        known = state.machine in machines and state.behaviour in get_args(BmcBehaviour)
    except TypeError as error:
        raise ValueError(f"no state of a BMC: {text}") from error
    if not known:
        raise ValueError(f"an unknown machine or behaviour: {text}")
    return state


def orders(words: Sequence[str]) -> tuple[Order, ...]:
    """Return the orders in ``NAME VALUE NAME VALUE …``; what is no matter of power is left out."""
    return tuple(ORDERS[pair] for pair in zip(words[::2], words[1::2], strict=False) if pair in ORDERS)


def answer(asked: Sequence[str], *, on: bool) -> str:
    """Return ``NAME:VALUE …`` for the names that were asked for; all but the power are unset."""
    return " ".join(f"{name}:{int(name == 'power' and on)}" for name in asked)
