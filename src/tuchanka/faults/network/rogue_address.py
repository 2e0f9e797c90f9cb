"""Another machine has the address that clients write to, and says so."""

import time

from tuchanka.faults.fault import Fault, HealRank, Target, waits_for_healing
from tuchanka.faults.fits import witnessed
from tuchanka.faults.inside import run_inside
from tuchanka.providers.base import Power, Runner

TAKE = """\
device=$(ip -oneline -4 address show to "$1" | awk '{ print $2; exit }') && shift
for address; do ip address replace "$address/32" dev "$device"; done
"""
GIVE_BACK = """\
for address; do
    ip -oneline -4 address show to "$address" | while read -r _ device _; do
        ip address del "$address/32" dev "$device" && echo "$address"
    done
done
"""


def addresses(target: Target) -> list[str]:
    """Return the primary VIPs that are meant: the watched instance's, or those of every cluster with a witness."""
    clusters = [target.cluster] if target.cluster else [one for one in target.lab.topology.clusters if one.witness]
    instances = [target.instance] if target.instance else [one for cluster in clusters for one in cluster.instances]
    return [str(one.primary_vip.address) for one in instances]


async def take(target: Target) -> float:
    """Give the witness the addresses, and have it announce them; returns when it has them."""
    (witness,) = target.machines
    await witness.run(["sh", "-ec", TAKE, "take", str(target.lab.topology.network.subnet), *addresses(target)])
    took = time.monotonic()
    await run_inside(witness, "announce", *addresses(target))
    return took


async def give_back(target: Target) -> None:
    """Take the addresses away from the witness; then their holders announce them, so that clients find those."""
    topology = target.lab.topology
    for machine in target.machines:
        if topology.witness is None or machine.name != topology.witness.name or await machine.power_state() == "off":
            continue
        await machine.wait_ready()
        found = (await machine.run(["sh", "-c", GIVE_BACK, "give", *addresses(target)])).stdout.split()
        for node in [node for cluster in topology.clusters if found for node in target.lab.nodes(cluster)]:
            if await node.power_state() == "on":
                await run_inside(node, "announce", *found)


FAULTS = (
    Fault(
        name="rogue-address",
        family="network",
        scope="witness",
        needs=(Runner.__name__, Power.__name__),
        does="gives the witness the address that clients write to, and announces it there by ARP",
        expect="clients are sent to a machine that refuses them, until it is healed; the cluster notices nothing",
        proves="what an address given twice costs: no commit, and no failover; and that clients find back at once",
        apply=take,
        heal=give_back,
        heal_rank=HealRank.NETWORK,
        returns=waits_for_healing,
        unfit=witnessed,
        exempt=("VIPs",),
    ),
)
