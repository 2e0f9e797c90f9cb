"""Faults of the network: links that are pulled, and traffic that doesn't arrive.

``traffic`` says who can't hear whom in each of them; the names under which cuts are in force tell whose they are.
"""

import asyncio

from tuchanka.faults import traffic
from tuchanka.faults.fault import Fault, Scene, waits_for_healing
from tuchanka.faults.survival import serves, survives
from tuchanka.providers.base import Cut, Latency, Link, Traffic
from tuchanka.topology.types import Cluster
from tuchanka.waiting import together

FLAPS = 5
FLAP_S = 1.0
LOSS_PERCENT = 10
HEAVY_LOSS_PERCENT = 30
DELAY_MS = 100


async def _link(scene: Scene, *, up: bool) -> float:
    """Set the link of every machine of the scene; returns when the first one's was."""
    return min(await together(*(machine.link(up=up) for machine in scene.machines)))


async def unlink(scene: Scene) -> float:
    """Pull the network cable of every machine of the scene."""
    return await _link(scene, up=False)


async def flap(scene: Scene) -> float:
    """Pull the cable and put it back, again and again; it is in at the end, and nothing goes on after that."""
    began = 0.0
    for _ in range(FLAPS):
        down = await _link(scene, up=False)
        began = began or down
        await asyncio.sleep(FLAP_S)
        await _link(scene, up=True)
        await asyncio.sleep(FLAP_S)
    return began


async def _block(scene: Scene, fault: str, cuts: tuple[Cut, ...]) -> float:
    return await scene.lab.provider.network.block(traffic.label(fault, scene), cuts)


async def isolate(scene: Scene) -> float:
    """Cut the machines of the scene off from all others and from the clients; they still see each other."""
    inside, outside = traffic.inside_and_outside(scene)
    return await _block(scene, "isolate-site", traffic.both_ways(inside, outside))


async def split(scene: Scene) -> float:
    """Cut the sites of the cluster from each other; the witness and the clients see all of them."""
    return await _block(
        scene, "split-sites", tuple(cut for one in scene.clusters for cut in traffic.between_sites(one))
    )


async def make_deaf(scene: Scene) -> float:
    """Let nothing come to the machines of the scene."""
    inside, outside = traffic.inside_and_outside(scene)
    return await _block(scene, "one-way-deaf", traffic.one_way(outside, inside))


async def make_mute(scene: Scene) -> float:
    """Let nothing come from the machines of the scene."""
    inside, outside = traffic.inside_and_outside(scene)
    return await _block(scene, "one-way-mute", traffic.one_way(inside, outside))


async def cut_replication(scene: Scene) -> float:
    """Cut what PostgreSQL on the machines of the scene says to the other nodes, and they to it."""
    return await _block(
        scene,
        "cut-replication",
        tuple(cut for one in scene.clusters for cut in traffic.replication(one, scene.names)),
    )


async def cut_witness(scene: Scene) -> float:
    """Cut the witness off from the machines of the scene."""
    witness = scene.lab.topology.witness
    return await _block(scene, "cut-witness", traffic.both_ways([witness.name] if witness else [], scene.names))


async def lose_packets(scene: Scene) -> float:
    """Lose a share of everything from and to the machines of the scene."""
    inside, outside = traffic.inside_and_outside(scene)
    return await _block(scene, "packet-loss", traffic.both_ways(inside, outside, loss_percent=LOSS_PERCENT))


async def lose_many_packets(scene: Scene) -> float:
    """Lose so much of everything from and to the machines of the scene that half of all answers never come."""
    inside, outside = traffic.inside_and_outside(scene)
    return await _block(
        scene, "heavy-packet-loss", traffic.both_ways(inside, outside, loss_percent=HEAVY_LOSS_PERCENT)
    )


async def delay(scene: Scene) -> float:
    """Delay everything that the machines of the scene hear."""
    return min([await scene.lab.provider.network.delay(machine.name, DELAY_MS) for machine in scene.machines])


async def reconnect(scene: Scene) -> None:
    """Put every cable back, and take back the cuts and delays that were injected on the target."""
    network = scene.lab.provider.network
    for name in await network.blocked():
        if traffic.is_of(name, scene):
            await network.unblock(name)
    for machine in scene.machines:
        await machine.link(up=True)
        await network.undelay(machine.name)


def one_side_serves(scene: Scene) -> bool:
    """Say whether one of the sites alone can go on with the instance."""
    if scene.cluster is None or scene.instance is None:
        return True
    sites = {node.site for node in scene.cluster.nodes}
    groups = ([node.name for node in scene.cluster.nodes if node.site == site] for site in sites)
    return any(serves(scene.cluster, scene.instance, group) for group in groups)


def one_site(cluster: Cluster) -> str:
    """Return why a cluster can't be split."""
    return "" if len({node.site for node in cluster.nodes}) > 1 else f"all of {cluster.name} is in one site"


def no_witness(cluster: Cluster) -> str:
    """Return why a cluster can't lose its witness."""
    return "" if cluster.witness else f"{cluster.name} has no witness"


def one_copy(cluster: Cluster) -> str:
    """Return why a cluster has no replication to be cut."""
    replicated = any(len(instance.nodes) > 1 for instance in cluster.instances)
    return "" if replicated else f"{cluster.name} has no standby"


UNLINK = Fault(
    name="unlink",
    family="network",
    scope="node",
    needs=(Link.__name__,),
    does="pulls the network cable",
    expect="the cut-off side loses its quorum and resets itself; the other waits for that, and promotes a standby",
    proves="that a primary which still runs is dead before the next one serves, and by which margin",
    apply=unlink,
    heal=reconnect,
    returns=survives,
)
FLAPPING_LINK = Fault(
    name="flapping-link",
    family="network",
    scope="node",
    needs=(Link.__name__,),
    does=f"pulls the network cable for {FLAP_S:g} s and puts it back for {FLAP_S:g} s, {FLAPS} times",
    expect="either nothing that clients notice for longer than the flapping, or one failover that holds",
    proves="that a bad connector leads to no fencing without end, and to no two primaries",
    apply=flap,
    heal=reconnect,
)
ISOLATE_SITE = Fault(
    name="isolate-site",
    family="network",
    scope="site",
    needs=(Traffic.__name__,),
    does="cuts a site off from the other sites, the witness and the clients; within the site all see each other",
    expect="as the loss of a site: the cut-off nodes reset themselves, a standby of another site is promoted",
    proves="that a whole site may go on by itself without serving anybody, and that nothing promised is lost",
    apply=isolate,
    heal=reconnect,
    returns=survives,
)
SPLIT_SITES = Fault(
    name="split-sites",
    family="network",
    scope="cluster",
    needs=(Traffic.__name__,),
    does="cuts the sites from each other; the witness and the clients still see both",
    expect="the witness gives its vote to one side, which serves; the other resets itself",
    proves="that the vote decides, and that clients who see both sides never find two primaries",
    apply=split,
    heal=reconnect,
    returns=one_side_serves,
    unfit=one_site,
)
ONE_WAY_DEAF = Fault(
    name="one-way-deaf",
    family="network",
    scope="node",
    needs=(Traffic.__name__,),
    does="loses everything that comes to a node; what it sends still arrives",
    expect="as a pulled cable: the node that hears nobody has no quorum, and resets itself",
    proves="that half a failure of the network is handled as a whole one",
    apply=make_deaf,
    heal=reconnect,
    returns=survives,
)
ONE_WAY_MUTE = Fault(
    name="one-way-mute",
    family="network",
    scope="node",
    needs=(Traffic.__name__,),
    does="loses everything that a node sends; it still hears the others",
    expect="as a pulled cable: the node that nobody answers has no quorum, and resets itself",
    proves="that half a failure of the network is handled as a whole one",
    apply=make_mute,
    heal=reconnect,
    returns=survives,
)
CUT_REPLICATION = Fault(
    name="cut-replication",
    family="network",
    scope="node",
    needs=(Traffic.__name__,),
    does="cuts PostgreSQL on a node off from PostgreSQL on the others; the cluster and the clients see all",
    expect="the service stays where it is; commits that wait for a standby that is cut off wait, or take another",
    proves="that replication alone brings no failover, that standbys catch up, and what reads see meanwhile",
    apply=cut_replication,
    heal=reconnect,
    returns=waits_for_healing,
    unfit=one_copy,
)
CUT_WITNESS = Fault(
    name="cut-witness",
    family="network",
    scope="cluster",
    needs=(Traffic.__name__,),
    does="cuts the witness off from all nodes of a cluster",
    expect="nothing that clients notice: the nodes see each other, and are more than half without its vote",
    proves="that the witness is needed to decide, and not to serve",
    apply=cut_witness,
    heal=reconnect,
    unfit=no_witness,
)
PACKET_LOSS = Fault(
    name="packet-loss",
    family="network",
    scope="node",
    needs=(Traffic.__name__,),
    does=f"loses {LOSS_PERCENT} % of the packets from and to a node, at random",
    expect="the node holds: slower writes, and no failover",
    proves="that the timeouts leave room for a bad line",
    apply=lose_packets,
    heal=reconnect,
)
HEAVY_PACKET_LOSS = Fault(
    name="heavy-packet-loss",
    family="network",
    scope="node",
    needs=(Traffic.__name__,),
    does=f"loses {HEAVY_LOSS_PERCENT} % of the packets from and to a node, at random: half of all answers",
    expect="slow writes, or none until it is healed: the cluster may fall apart and together",
    proves="that a line too bad to work with breaks no promise, and that the cluster is well again afterwards",
    apply=lose_many_packets,
    heal=reconnect,
    returns=waits_for_healing,
)
LATENCY = Fault(
    name="latency",
    family="network",
    scope="node",
    needs=(Latency.__name__,),
    does=f"delays everything that a node hears by {DELAY_MS} ms",
    expect="slower commits, and no failover",
    proves="that the timeouts leave room for a slow line",
    apply=delay,
    heal=reconnect,
)
FAULTS = (
    UNLINK,
    FLAPPING_LINK,
    ISOLATE_SITE,
    SPLIT_SITES,
    ONE_WAY_DEAF,
    ONE_WAY_MUTE,
    CUT_REPLICATION,
    CUT_WITNESS,
    PACKET_LOSS,
    HEAVY_PACKET_LOSS,
    LATENCY,
)
