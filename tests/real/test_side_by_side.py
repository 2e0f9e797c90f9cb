"""Two labs on one host, with the same names and addresses."""

from collections.abc import Iterator

import pytest

from tests.real.lab import ADDRESSES, CLUSTER, MACHINES, VIPS, RealLab, new_lab, wait_for
from tests.real.leftovers import leftovers

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def other(lab: RealLab) -> Iterator[RealLab]:
    """A second lab whose machines are on; its cluster isn't set up."""
    assert lab.is_healthy()
    with new_lab() as made:
        made.run("create", CLUSTER)
        made.run("power-on")
        yield made


def ping(lab: RealLab, address: str) -> bool:
    answer = lab.execute("witness", "ping", "-c", "1", "-W", "1", address, status=None)
    return "1 received" in answer


@pytest.mark.parametrize("machine", MACHINES)
def test_one_address_is_a_machine_of_its_own_in_each_lab(lab: RealLab, other: RealLab, machine: str) -> None:
    look = "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub; ip -4 -o addr show dev host0"
    seen = [one.run("ssh", machine, "--", look).stdout.splitlines() for one in (lab, other)]
    for identity, key, address in ((lines[0], lines[1], lines[2]) for lines in seen):
        assert identity
        assert key.startswith("ssh-ed25519 ")
        assert f" {ADDRESSES[machine]}/24 " in address
    assert seen[0][0] != seen[1][0]
    assert seen[0][1] != seen[1][1]


def test_neither_sees_what_only_the_other_has(lab: RealLab, other: RealLab) -> None:
    wait_for(lambda: ping(lab, VIPS["krogan2"]), "an answer from the address that one lab has")
    assert not ping(other, VIPS["krogan2"])
    wait_for(lambda: ping(other, ADDRESSES["tuchanka2a"]), "an answer from a machine of the other's")


def test_secrets_are_not_shared(lab: RealLab, other: RealLab) -> None:
    other.run("install", CLUSTER)
    assert (lab.folder / "secrets/secrets.json").read_text() != (other.folder / "secrets/secrets.json").read_text()


def test_destroying_one_leaves_the_other_as_it_is(lab: RealLab, other: RealLab) -> None:
    before = [lab.leader(machine) for machine in MACHINES]
    other.run("destroy", "--yes")
    assert leftovers(other.folder) == []
    assert [lab.leader(machine) for machine in MACHINES] == before
    assert lab.state()["problems"] == []
