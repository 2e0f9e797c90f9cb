"""Runs ``tuchanka`` with faults that hit the primary while the store of its archive is off or hung.

    python benchmarks/store_and_primary.py --topology examples/archive.toml test tuchanka2 --rounds 3 \\
        --fault power-off --fault power-off-store-off --fault power-off-store-hung \\
        --fault switchover --fault switchover-store-off --fault switchover-store-hung

The store fails 5 s before the primary, where log waits by then. Healing the
fault heals both.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Literal

from tuchanka.cli.main import main
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Fault, Target
from tuchanka.faults.services import store_of
from tuchanka.faults.storage import ask, primary_machine
from tuchanka.providers.base import Pause, Power, make_ready

BEFORE_S = 5.0
Failure = Literal["off", "hung"]


def with_store(fault: Fault, failure: Failure) -> Fault:
    """Return the fault as it is while the store fails."""
    return replace(
        fault,
        name=f"{fault.name}-store-{failure}",
        needs=(*fault.needs, Power.__name__, Pause.__name__),
        apply=_then(failure, fault.apply),
        heal=_and(fault.heal),
        heal_rank=None,
    )


def _then(failure: Failure, apply: Callable[[Target], Awaitable[float]]) -> Callable[[Target], Awaitable[float]]:
    async def act(target: Target) -> float:
        store = store_of(target)
        await (store.power_off() if failure == "off" else store.pause())
        assert target.instance is not None
        primary = await primary_machine(target, target.machines[0], target.instance)
        await ask(primary, target.instance, "SELECT pg_switch_wal()")
        await asyncio.sleep(BEFORE_S)
        return await apply(target)

    return act


def _and(heal: Callable[[Target], Awaitable[None]]) -> Callable[[Target], Awaitable[None]]:
    async def act(target: Target) -> None:
        await make_ready(store_of(target))
        await heal(target)

    return act


if __name__ == "__main__":
    both: tuple[Failure, ...] = ("off", "hung")
    made = [with_store(CATALOGUE[name], failure) for name in ("power-off", "switchover") for failure in both]
    CATALOGUE.update({fault.name: fault for fault in made})
    sys.exit(main())
