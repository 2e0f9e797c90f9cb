"""The store answers at the speed of an old modem."""

import time

from tuchanka.faults.fault import Fault, HealRank, Target
from tuchanka.faults.services import UNNOTICED, stores, switched_on
from tuchanka.providers.base import Power, Runner
from tuchanka.waiting import together

RATE = "16kbit"
# Whatever it sends waits in line, so that nothing of it is lost: slow, and not broken.
SLOW = """\
for device in $(ip -oneline link show up | awk -F'[ :@]+' '$2 != "lo" { print $2 }'); do
    tc qdisc replace dev "$device" root tbf rate "$1" burst 4kb limit 1mb
done
"""
FAST = """\
tc qdisc show | awk '$2 == "tbf" && $4 == "dev" { print $5 }' | while read -r device; do
    tc qdisc del dev "$device" root
done
"""


async def slow_down(target: Target) -> float:
    """Limit the rate of everything that the machines of the target send."""
    await together(*(machine.run(["sh", "-ec", SLOW, "slow", RATE]) for machine in target.machines))
    return time.monotonic()


async def speed_up(target: Target) -> None:
    """Take the limits of rate away on stores; safe where there are none."""
    for machine in await switched_on(stores(target)):
        await machine.run(["sh", "-ec", FAST])


FAULTS = (
    Fault(
        name="store-slow",
        family="services",
        scope="service",
        needs=(Runner.__name__, Power.__name__),
        does=f"limits what the machine with the store sends to {RATE}/s: it answers, and each answer takes seconds",
        expect=UNNOTICED,
        proves="that a store which is neither there nor away is given up in time, again and again",
        apply=slow_down,
        heal=speed_up,
        heal_rank=HealRank.RESOURCES,
        predicts="unnoticed",
    ),
)
