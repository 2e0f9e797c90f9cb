import re
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuchanka.topology.differ import differences, in_short
from tuchanka.topology.load import default_text, parse
from tuchanka.topology.types import Topology

TEXT = default_text()


def changed(old: str, new: str) -> tuple[str, ...]:
    assert old in TEXT
    return differences(parse(TEXT, "was"), parse(TEXT.replace(old, new), "now"))


def test_another_file_of_the_same_meaning_does_not_differ():
    assert differences(parse(TEXT, "was"), parse(re.sub(r"#.*", "", TEXT), "now")) == ()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('profile = "fast"', 'profile = "steady"', 'profile: was "fast", is now "steady"'),
        (
            "[clusters.tuchanka2]",
            "[clusters.tuchanka2]\npostgresql = 16",
            "clusters.tuchanka2.postgresql: was 17, is now 16",
        ),
        ('memory = "1GiB"', 'memory = "2GiB"', "machine.memory: was 1073741824, is now 2147483648"),
        ("# watchdog_s = 3 ", "watchdog_s = 4 ", "timing.watchdog_s: was absent, is now 4"),
        ("# shared_buffers", "shared_buffers", '{4}.settings.shared_buffers: was absent, is now "256MB"'),
        (
            'address = "192.168.89.11"',
            'address = "192.168.89.13"',
            'clusters.tuchanka2.nodes.tuchanka2a.address: was "192.168.89.11", is now "192.168.89.13"',
        ),
        (
            'standby_vips = [{ name = "krogan2s1"',
            'standby_vips = [{ name = "krogan2s9"',
            'clusters.tuchanka2.instances.krogan2.standby_vips[0].name: was "krogan2s1", is now "krogan2s9"',
        ),
        ("count = 1", "count = 2", "{4}.synchronous.count: was 1, is now 2"),
        (
            'description = "the witness only"',
            'description = "ours"',
            'sites.dc3.description: was "the witness only", is now "ours"',
        ),
    ],
)
def test_a_key_that_differs_is_one_line(old: str, new: str, line: str):
    assert changed(old, new) == (line.replace("{4}", "clusters.tuchanka4.instances.krogan4"),)


def test_a_table_that_is_missing_is_one_line():
    now = parse(TEXT, "now")
    without = replace(now, clusters=now.clusters[:2], witness=None)
    assert differences(now, without) == (
        "witness: was there, is now absent",
        "clusters.tuchanka4: was there, is now absent",
    )
    assert differences(without, now) == (
        "witness: was absent, is now there",
        "clusters.tuchanka4: was absent, is now there",
    )


def test_the_order_of_nodes_counts():
    was = parse(TEXT, "was")
    one = was.cluster("tuchanka2")
    now = replace(was, clusters=(was.clusters[0], replace(one, nodes=one.nodes[::-1]), was.clusters[2]))
    (line,) = differences(was, now)
    key, order = line.split(": was in the order ")
    assert key == "clusters.tuchanka2.nodes"
    assert order == "tuchanka2a, tuchanka2b, is now in the order tuchanka2b, tuchanka2a"


def test_many_are_cut_short():
    assert in_short(("a", "b", "c")) == "a; b; c"
    assert in_short(("a", "b", "c", "d")) == "a; b; c; and 1 more key"
    assert in_short(("a", "b", "c", "d", "e")) == "a; b; c; and 2 more keys"


NAMES = [field.name for field in fields(Topology) if field.name != "source"]


@settings(max_examples=50)
@given(taken=st.sets(st.sampled_from(NAMES)))
def test_it_is_empty_exactly_if_nothing_differs(taken: set[str]):
    """Mix two topologies that differ in every field."""
    was = parse(TEXT, "same")
    other = parse(OTHER, "same")
    now = replace(was, **{name: getattr(other, name) for name in taken})
    assert bool(differences(was, now)) == (was != now)
    assert len(differences(was, now)) >= len(taken)


OTHER = """
name = "other"
domain = "example"
provider = "libvirt"
profile = "steady"
locale = "en_US.UTF-8"
timezone = "Europe/Madrid"
postgresql = 16
network = { subnet = "10.1.0.0/24", host = "10.1.0.254" }
machine = { memory = "2GiB" }
ssh = { public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1ruQnxzCnYXqKMs4nyfh5Y2gr8FwHp5mVtAk8pGmFC me" }
timing = { watchdog_s = 5 }
helpers = { first_aid = false }
sites = { here = {}, there = {} }
services = { depot = { address = "10.1.0.7", site = "here" } }
archive = { endpoint = "s3.example", bucket = "abc", key_file = "k" }
[clusters.c.nodes]
a = { address = "10.1.0.1", site = "here" }
b = { address = "10.1.0.2", site = "there" }
[clusters.c.instances.i]
port = 5432
home = "a"
primary_vip = { name = "v", address = "10.1.0.9" }
"""
