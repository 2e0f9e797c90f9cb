"""Faults of fencing: what is to make sure that a lost node is off fails, or lies.

Each comes alone, and followed by the loss of the node that it should have ended.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tuchanka.faults.fault import Fault, GivesUp, HealRank, Target, fits_all
from tuchanka.faults.network import block, both_ways, others, reconnect
from tuchanka.faults.network.unlink import unlink
from tuchanka.faults.power import power_on
from tuchanka.faults.power.power_off import power_off
from tuchanka.prediction import Reaction
from tuchanka.providers.base import Bmc, BmcBehaviour, Link, Power, Traffic
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together

Apply = Callable[[Target], Awaitable[float]]
UNNOTICED = "nothing that clients notice: nobody has to be fenced"


def behaving(behaviour: BmcBehaviour) -> Apply:
    """Return what lets the BMC of every machine of a target behave so."""

    async def act(target: Target) -> float:
        return min(await together(*(machine.set_bmc(behaviour) for machine in target.machines)))

    return act


async def restore_bmcs(target: Target) -> None:
    """Let the BMCs of the target's machines work again; safe where there is none."""
    for machine in target.machines:
        if await machine.bmc() not in {None, "works"}:
            await machine.set_bmc("works")


async def restore_watchdogs(target: Target) -> None:
    """Let the watchdogs of the target's machines fire again."""
    await together(*(machine.enable_watchdog() for machine in target.machines))


async def restore_all(target: Target) -> None:
    """Take back the fault of fencing, then the loss of the node."""
    await restore_bmcs(target)
    await restore_watchdogs(target)
    await reconnect(target)
    await power_on(target)


async def cut_off(target: Target) -> float:
    """Cut the machines of the target off from all other machines; the clients and the BMCs still see them."""
    return await block(target, "cut-off", both_ways(target.machine_names, others(target)))


@dataclass(frozen=True, slots=True)
class Loss:
    """How the node is lost, in words and as a verb, with what it needs and what it gives up."""

    does: str
    apply: Apply
    needs: tuple[str, ...]
    gives_up: GivesUp


POWER = Loss("cuts the node's power", power_off, (Power.__name__,), "target")
LINK = Loss("pulls the node's cable, while the node runs on", unlink, (Link.__name__, Power.__name__), "by vote")
NEIGHBOURS = Loss(
    "cuts the node off from all other machines, while it runs on and the clients see it",
    cut_off,
    (Traffic.__name__, Power.__name__),
    "by vote",
)
"""The loss in which a primary that should be off does the most harm: clients still find it."""


def one_after_the_other(failure: Apply, loss: Apply) -> Apply:
    """Return what does both; the fault takes effect with the loss."""

    async def act(target: Target) -> float:
        await failure(target)
        return await loss(target)

    return act


@dataclass(frozen=True, slots=True)
class Failure:
    """How what fences fails, whatever comes after it."""

    name: str
    does: str
    apply: Apply
    needs: tuple[str, ...] = (Bmc.__name__,)
    unfit: Callable[[Cluster], str] = fits_all
    heal: Callable[[Target], Awaitable[None]] = restore_bmcs


def alone(failure: Failure, proves: str) -> Fault:
    """Return the fault in which nothing else happens."""
    return Fault(
        name=failure.name,
        family="fencing",
        scope="node",
        needs=failure.needs,
        does=failure.does,
        expect=UNNOTICED,
        proves=proves,
        apply=failure.apply,
        heal=failure.heal,
        heal_rank=HealRank.FENCING,
        unfit=failure.unfit,
        predicts="unnoticed",
    )


def then_primary(
    failure: Failure,
    loss: Loss,
    *,
    expect: str,
    proves: str,
    returns: Callable[[Target], bool],
    predicts: Reaction | None,
) -> Fault:
    """Return the fault in which the node is lost next; what heals both alone heals it, too."""
    return Fault(
        name=f"{failure.name}-then-primary",
        family="fencing",
        scope="node",
        needs=tuple(dict.fromkeys((*failure.needs, *loss.needs))),
        does=f"{failure.does}; then {loss.does}",
        expect=expect,
        proves=proves,
        apply=one_after_the_other(failure.apply, loss.apply),
        heal=restore_all,
        heal_rank=None,
        returns=returns,
        unfit=failure.unfit,
        role="primary",
        predicts=predicts,
        gives_up=loss.gives_up,
    )
