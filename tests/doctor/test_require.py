from pathlib import Path

import pytest

from tuchanka.doctor.findings import of_disk, of_program, of_user
from tuchanka.doctor.require import complain
from tuchanka.doctor.requirements import Requirement
from tuchanka.errors import HostError
from tuchanka.providers.host import HostCheck

IP = Requirement("run", "iproute2", ("ip",), "networks")
NFT = Requirement("run", "nftables", ("nft",), "networks")


def words(checks: list[HostCheck]) -> str:
    with pytest.raises(HostError) as caught:
        complain(checks, debian_like=True)
    return str(caught.value)


def test_nothing_missing_goes_on():
    complain([of_user(0), of_program(IP, "/sbin/ip", debian_like=True)], debian_like=True)


def test_all_packages_go_into_one_command():
    lacking = [of_program(item, None, debian_like=True) for item in (IP, NFT)]

    assert words(lacking) == ("this host lacks ip, nft; apt-get install --no-install-recommends iproute2 nftables")


def test_everything_is_named_in_one_line():
    text = words(
        [
            of_program(IP, None, debian_like=True),
            of_disk(Path("/var/lib/x"), 10**9),
            HostCheck("n", ok=False, found="no", needed_for="m", remedy="change it"),
        ]
    )

    assert "\n" not in text
    assert "room at /var/lib/x (1.0 GB free, 4 needed)" in text
    assert "make room there" in text


def test_without_root_that_is_all_that_is_said():
    assert words([of_user(1000), of_program(IP, None, debian_like=True)]) == (
        "only root can make machines and networks; run the command again through sudo"
    )


def test_exit_status():
    assert HostError.exit_status == 3
