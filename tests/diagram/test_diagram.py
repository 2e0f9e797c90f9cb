"""The pictures: golden files, and that nothing is on top of anything."""

import re
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from lxml import etree

from tests.golden import check_golden
from tests.pacemaker.views import CLUSTER, A, B, healthy, look, primary, standby, view
from tests.render.test_properties import topologies
from tuchanka.diagram.draw import description, svg
from tuchanka.diagram.layout import place
from tuchanka.diagram.live import amount, seen
from tuchanka.diagram.model import Picture
from tuchanka.diagram.places import Box, Placed, Point
from tuchanka.diagram.plan import kinds, planned
from tuchanka.postgres.config import synchronous_standby_names
from tuchanka.stacks.pacemaker.health import problems
from tuchanka.stacks.pacemaker.observe import Look, join
from tuchanka.stacks.pacemaker.render.fencing import resource
from tuchanka.topology.load import load
from tuchanka.topology.types import Cluster, Fencing, FencingDevice, ServiceMachine, Site, Topology

HERE = Path(__file__).parent
IMAGES = HERE.parents[1] / "docs" / "images"
DEFAULT = load(None)
SEVEN = load(HERE / "seven.toml")
FENCING = load(HERE.parents[1] / "examples" / "fencing.toml")
WHEN = "2026-11-22 21:30:05"


def live(looks: dict[str, Look], cluster: Cluster = CLUSTER) -> Picture:
    state = join(cluster, looks)
    return seen(DEFAULT, cluster, state, problems(state, cluster), when=WHEN)


def one_site(topology: Topology) -> Topology:
    """The same with everything in one site, the witness too."""
    cluster = topology.clusters[-1]
    site = topology.sites[0].name
    moved = replace(cluster, nodes=tuple(replace(node, site=site) for node in cluster.nodes))
    witness = replace(topology.witness, site=site) if topology.witness else None
    return replace(topology, clusters=(moved,), witness=witness)


def alone(topology: Topology) -> Topology:
    """The same with every node in a site of its own, and the primary in the middle."""
    cluster = topology.clusters[-1]
    sites = tuple(replace(topology.sites[0], name=f"site-of-{node.name}") for node in cluster.nodes)
    nodes = tuple(replace(node, site=site.name) for node, site in zip(cluster.nodes, sites, strict=True))
    home = cluster.nodes[len(nodes) // 2].name
    instances = tuple(replace(one, home=home if home in one.nodes else one.home) for one in cluster.instances)
    spread = replace(cluster, nodes=nodes, instances=instances, witness=False)
    return replace(topology, sites=sites, clusters=(spread,), witness=None)


def long_names(topology: Topology) -> Topology:
    cluster = topology.clusters[-1]
    long = {node.name: f"{node.name}-{'with-a-long-name' * 2}" for node in cluster.nodes}
    nodes = tuple(replace(node, name=long[node.name]) for node in cluster.nodes)
    instances = tuple(
        replace(
            one, name=f"{one.name}_{'W' * 30}", home=long[one.home], nodes=tuple(long[name] for name in one.nodes)
        )
        for one in cluster.instances
    )
    return replace(topology, clusters=(replace(cluster, nodes=nodes, instances=instances),))


def with_services(topology: Topology) -> Topology:
    """The same with machines for services: where nodes are, beside the witness, and in a site of their own."""
    own = Site("depot-site")
    sites = [*(site.name for site in topology.sites), own.name, own.name]
    services = tuple(
        ServiceMachine(f"depot{number}", IPv4Address(f"192.168.89.{200 + number}"), site, ("store", "directory"))
        for number, site in enumerate(sites)
    )
    return replace(topology, sites=(*topology.sites, own), services=services)


def fenced(**asked_by: str) -> Picture:
    """The example's tuchanka2 as it was seen, with the nodes that ask the BMC of ``a`` and ``b``."""
    cluster = FENCING.cluster("tuchanka2")
    roles = {(resource(f"tuchanka2{its}"), node): "Started" for its, node in asked_by.items()}
    crm = replace(view(), roles=view().roles | roles)
    state = join(cluster, {A: look(primary(), crm=crm), B: look(standby(), crm=crm)})
    return seen(FENCING, cluster, state, problems(state, cluster), when=WHEN)


def other_devices(topology: Topology) -> Topology:
    """The same with devices that are no BMCs of the lab, and no watchdog."""
    cluster = topology.clusters[-1]
    devices = (
        FencingDevice(cluster.nodes[0].name, "fence_apc_snmp", {"ip": "10.0.9.1", "plug": "7"}, "/secret"),
        *(FencingDevice(node.name, f"fence_{'x' * 40}", {}) for node in cluster.nodes[1:]),
    )
    return replace(topology, clusters=(replace(cluster, fencing=Fencing(("device",), devices)),))


def last(topology: Topology) -> Picture:
    return planned(topology, topology.clusters[-1])


LOST = {A: Look("off", "absent"), B: look(primary(), crm=view("survivor.xml"))}
GOLDEN = {
    "seven": last(SEVEN),
    "live": live({A: look(primary(lag=123456)), B: look(standby())}),
    "lost": live(LOST),
    "device-silent": fenced(b=A),
}
PICTURES = GOLDEN | {
    **{cluster.name: planned(DEFAULT, cluster) for cluster in DEFAULT.clusters},
    "one-site": last(one_site(DEFAULT)),
    "one-site-of-seven": last(one_site(SEVEN)),
    "alone": last(alone(DEFAULT)),
    "alone-of-seven": last(alone(SEVEN)),
    "services": last(with_services(DEFAULT)),
    "services-alone": last(with_services(alone(SEVEN))),
    "long-names": last(long_names(SEVEN)),
    "broken": live({A: look(primary(state="catchup", sync_state="async")), B: look(standby())}),
    "fencing-four": last(FENCING),
    "devices": fenced(a=B, b=A),
    "other-devices": last(other_devices(DEFAULT)),
    "nothing": live({A: Look("off", "absent"), B: Look("off", "absent")}),
}


@pytest.mark.parametrize("cluster", DEFAULT.clusters, ids=lambda cluster: cluster.name)
def test_the_pictures_of_the_manual_are_those_of_the_built_in_topology(cluster: Cluster):
    check_golden(IMAGES / f"{cluster.name}.svg", svg(planned(DEFAULT, cluster)))


def test_the_manual_shows_every_picture_and_no_other():
    pages = "".join(page.read_text(encoding="utf-8") for page in IMAGES.parent.glob("*.md"))
    shown = set(re.findall(r"\(images/(tuchanka[^)]*\.svg)\)", pages))
    assert shown == {f"{cluster.name}.svg" for cluster in DEFAULT.clusters}
    assert shown == {file.name for file in IMAGES.glob("tuchanka*.svg")}


def test_the_picture_of_the_page_about_fencing_is_that_of_its_example():
    check_golden(IMAGES / "fencing.svg", svg(planned(FENCING, FENCING.cluster("tuchanka2"))))


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str):
    check_golden(HERE / "golden" / f"{name}.svg", svg(GOLDEN[name]))


@pytest.mark.parametrize("name", PICTURES)
def test_it_is_well_formed_and_holds_every_name(name: str):
    picture = PICTURES[name]
    root = etree.fromstring(svg(picture).encode())
    written = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    for site in picture.sites:
        assert site.name in written
        for machine in (*site.machines, *site.beside):
            assert {machine.name, machine.address} <= set(written)
    vips = [v.address for s in picture.sites for m in s.machines for c in m.copies if c for v in c.vips]
    assert sorted(vips) == sorted(text for text in written if text in vips)
    assert [link.label for link in picture.links] == [
        text.text
        for text in root.iter("{http://www.w3.org/2000/svg}text")
        if "label" in text.get("class", "").split()
    ]
    assert root.find("{http://www.w3.org/2000/svg}desc").text == description(picture)


def segments(points: tuple[Point, ...]) -> Iterator[Box]:
    for (x1, y1), (x2, y2) in pairwise(points):
        assert x1 == x2 or y1 == y2, "a line that is neither level nor upright"
        yield Box(min(x1, x2), min(y1, y2), abs(x1 - x2), abs(y1 - y2))


def crosses(line: Box, box: Box) -> bool:
    return line.x < box.right and box.x < line.right + 0.01 and line.y < box.bottom and box.y < line.bottom + 0.01


@pytest.fixture(params=PICTURES)
def placed(request: pytest.FixtureRequest) -> Placed:
    return place(PICTURES[request.param])


def test_no_box_is_on_another(placed: Placed):
    check_boxes(placed)


def check_boxes(placed: Placed) -> None:
    for boxes in ([one.box for one in placed.sites], [one.box for one in placed.machines]):
        for one, other in combinations(boxes, 2):
            assert not one.overlaps(other)
    page = Box(0, 0, placed.width, placed.height)
    everything = [*(one.box for one in placed.sites), *(box for _, box in (*placed.problems, *placed.legend))]
    for one, other in combinations(everything, 2):
        assert not one.overlaps(other)
    assert all(page.holds(one) for one in everything)


def test_everything_is_inside_what_it_belongs_to(placed: Placed):
    check_insides(placed)


def check_insides(placed: Placed) -> None:
    for machine in placed.machines:
        assert any(site.box.holds(machine.box) for site in placed.sites)
        for one, other in combinations([copy.box for copy in machine.copies], 2):
            assert not one.overlaps(other)
        for copy in machine.copies:
            assert machine.box.holds(copy.box)
            for one, other in combinations([box for _, box in copy.vips], 2):
                assert not one.overlaps(other)
            assert all(copy.box.holds(box) for _, box in copy.vips)


def test_arrows_join_copies_and_run_through_no_machine(placed: Placed):
    check_arrows(placed)


def check_arrows(placed: Placed) -> None:
    for wire in placed.wires:
        for line in segments(wire.points):
            for machine in placed.machines:
                if crosses(line, machine.box):
                    assert machine.machine.name in {wire.link.source, wire.link.target}
        for end, name in ((wire.points[0], wire.link.source), (wire.points[-1], wire.link.target)):
            copies = next(one for one in placed.machines if one.machine.name == name).copies
            box = next(one.box for one in copies if one.copy.instance == wire.link.instance)
            assert end[0] in {box.x, box.right}
            assert box.y < end[1] < box.bottom


def test_labels_are_on_nothing(placed: Placed):
    check_labels(placed)


def check_labels(placed: Placed) -> None:
    for one, other in combinations([wire.label for wire in placed.wires], 2):
        assert not one.overlaps(other)
    for wire in placed.wires:
        assert not any(site.box.overlaps(wire.label) for site in placed.sites)
        assert Box(0, 0, placed.width, placed.height).holds(wire.label)
        for other_wire in placed.wires:
            upright = [line for line in segments(other_wire.points) if line.h]
            assert not any(crosses(line, wire.label) for line in upright)


@pytest.mark.parametrize("topology", [DEFAULT, SEVEN, alone(SEVEN), one_site(DEFAULT)])
def test_who_is_waited_for_is_first_in_the_configuration(topology: Topology):
    for cluster in topology.clusters:
        for instance in cluster.instances:
            found = kinds(cluster, instance)
            text = synchronous_standby_names(cluster, instance, instance.home)
            listed = re.findall(r'"([^"]+)"', text)
            if not text:
                assert set(found.values()) <= {"async"}
            elif text.startswith("ANY"):
                assert set(found.values()) == {"quorum"}
            else:
                count = int(text.split()[1])
                assert [name for name in listed if found[name] == "sync"] == listed[:count]
                assert [name for name in listed if found[name] == "potential"] == listed[count:]


def test_every_vip_is_planned_once():
    for topology in (DEFAULT, SEVEN):
        for cluster in topology.clusters:
            picture = planned(topology, cluster)
            vips = [v.name for s in picture.sites for m in s.machines for c in m.copies if c for v in c.vips]
            assert sorted(vips) == sorted(vip.name for one in cluster.instances for vip in one.vips)


def test_a_lost_primary_is_seen():
    text = description(GOLDEN["lost"])
    assert f"{A} (is off) in dc1: stopped of krogan2." in text
    assert f"{B} (coordinator) in dc2: primary of krogan2 with krogan2." in text
    assert GOLDEN["lost"].links == ()
    assert (GOLDEN["lost"].verdict, GOLDEN["live"].verdict) == ("not healthy", "healthy")


def test_a_device_is_shown_with_who_asks_it():
    planned_text = description(PICTURES["fencing-four"])
    assert "standby of krogan4 with krogan4s1; switched off by BMC 192.168.93.222." in planned_text
    assert PICTURES["fencing-four"].caption == "as planned; fenced by device, then by watchdog"
    text = description(PICTURES["device-silent"])
    assert "switched off by BMC 192.168.93.211 (does not answer)." in text
    assert f"switched off by BMC 192.168.93.212 (asked by {A})." in text
    assert PICTURES["device-silent"].verdict == "not healthy"
    assert PICTURES["devices"].verdict == "healthy"


def test_a_device_that_nobody_is_there_to_ask_is_not_called_silent():
    cluster = FENCING.cluster("tuchanka2")
    state = join(cluster, {A: Look("off", "absent"), B: look(primary(), crm=view("survivor.xml"))})
    text = description(seen(FENCING, cluster, state, (), when=WHEN))
    assert "BMC 192.168.93.211 (does not answer)" in text
    assert "BMC 192.168.93.212 (asked by nobody)" in text


def test_other_agents_are_shown_with_their_address_and_without_the_watchdog():
    picture = PICTURES["other-devices"]
    assert "switched off by fence_apc_snmp 10.0.9.1." in description(picture)
    assert picture.caption == "as planned; fenced by device"
    assert "/secret" not in svg(picture)


def test_a_watchdog_that_is_to_fence_nobody_is_not_unusual():
    topology = other_devices(DEFAULT)
    cluster = replace(topology.clusters[-1], nodes=CLUSTER.nodes, instances=CLUSTER.instances)
    state = join(cluster, {A: look(primary(), watchdog="absent"), B: look(standby(), watchdog="absent")})
    assert "watchdog" not in description(seen(DEFAULT, cluster, state, (), when=WHEN))


def test_a_witness_that_gives_no_vote_is_seen():
    quorum = look(primary()).quorum.replace("Qdevice", "absent")
    state = join(CLUSTER, {name: replace(one, quorum=quorum) for name, one in healthy().items()})
    picture = seen(DEFAULT, CLUSTER, state, problems(state, CLUSTER), when=WHEN)
    assert picture.votes is False
    assert "witness in dc3 gives no vote." in description(picture)


@pytest.mark.parametrize(("size", "words"), [(0, "0 B"), (999, "999 B"), (123456, "123 kB"), (5 * 10**9, "5.0 GB")])
def test_amounts(size: int, words: str):
    assert amount(size) == words


def test_names_are_never_markup():
    cluster = replace(DEFAULT.cluster("tuchanka2"), name='<script>&"')
    assert "<script>" not in svg(planned(DEFAULT, cluster))


@settings(max_examples=40, deadline=None)
@given(topologies())
def test_any_topology_can_be_drawn(topology: Topology):
    for cluster in topology.clusters:
        laid_out = place(planned(topology, cluster))
        check_boxes(laid_out)
        check_insides(laid_out)
        check_arrows(laid_out)
        check_labels(laid_out)
