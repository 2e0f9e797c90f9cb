"""A machine's cable is pulled and put back, again and again."""

import asyncio

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.network import reconnect, set_link
from tuchanka.providers.base import Link

FLAPS = 5
FLAP_S = 1.0


async def flap(target: Target) -> float:
    """Pull the cable and put it back, again and again; it is in at the end, and nothing goes on after that."""
    began = 0.0
    for _ in range(FLAPS):
        down = await set_link(target, up=False)
        began = began or down
        await asyncio.sleep(FLAP_S)
        await set_link(target, up=True)
        await asyncio.sleep(FLAP_S)
    return began


FAULTS = (
    Fault(
        name="flapping-link",
        family="network",
        scope="node",
        needs=(Link.__name__,),
        does=f"pulls the network cable for {FLAP_S:g} s and puts it back for {FLAP_S:g} s, {FLAPS} times",
        expect="either nothing that clients notice for longer than the flapping, or one failover that holds",
        proves="that a bad connector leads to no fencing without end, and to no two primaries",
        apply=flap,
        heal=reconnect,
        heal_rank=HealRank.NETWORK,
        gives_up="by vote",
        exempt=("daemons", "bystanders"),
    ),
)
