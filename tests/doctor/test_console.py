import json
from io import StringIO

from rich.console import Console

from tuchanka.doctor.console import as_json, as_table
from tuchanka.providers.host import HostCheck

CHECKS = (
    HostCheck("ip", ok=True, found="/usr/sbin/ip", needed_for="networks", package="iproute2"),
    HostCheck(
        "nft",
        ok=False,
        found="missing",
        needed_for="[networks]",
        remedy="apt-get install nftables",
        package="nftables",
    ),
)


def test_the_table_says_what_is_missing_and_how_to_correct_it():
    console = Console(width=120, file=StringIO(), record=True)

    console.print(as_table(CHECKS))

    _, first, second = console.export_text().splitlines()
    assert first.split()[:2] == ["ok", "ip"]
    assert second.split()[:2] == ["lacks", "nft"]
    assert "needed for [networks]" in second
    assert second.rstrip().endswith("apt-get install nftables")


def test_json_holds_every_field():
    assert json.loads(json.dumps(as_json(CHECKS)))[0] == {
        "name": "ip",
        "ok": True,
        "found": "/usr/sbin/ip",
        "needed_for": "networks",
        "remedy": "",
        "package": "iproute2",
    }
