"""The store of a lab: it takes and gives, outlives a power loss, goes back with the lab, and obeys its key alone."""

import json
from pathlib import Path

import pytest

from tests.real.lab import AS_POSTGRES, wait_for
from tests.real.store_lab import EXAMPLE, NODE, RAW, LabWithStore
from tuchanka.lab import certificates
from tuchanka.lab.folder import LabFolder
from tuchanka.topology.load import load

pytestmark = [pytest.mark.lab, pytest.mark.apart]

SECRETS = "/etc/pgbackrest/conf.d/secrets.conf"


def test_up_ends_with_a_store_that_serves(pair: LabWithStore) -> None:
    assert pair.depot() == {
        "name": "depot",
        "site": "dc3",
        "address": "192.168.94.250",
        "runs": ["store"],
        "power": "on",
        "problems": [],
    }
    pair.store("first")
    assert pair.stored("first") == "first"
    assert "first" in pair.backrest("--stanza=krogan2", "repo-ls").splitlines()


def test_another_key_is_refused(pair: LabWithStore) -> None:
    wrong = f"umask 077; mkdir /tmp/wrong; sed 's/key-secret=.*/key-secret=wrong/' {SECRETS} > /tmp/wrong/wrong.conf"
    pair.execute(NODE, *AS_POSTGRES, "sh", "-c", wrong)
    refused = pair.backrest("--config-include-path=/tmp/wrong", *RAW, "repo-get", "first", status=None)
    assert "403 (Forbidden)" in refused
    assert pair.stored("first") == "first"


def test_a_store_that_another_authority_vouches_for_is_not_believed(pair: LabWithStore, tmp_path: Path) -> None:
    (other,) = certificates.authority_files(LabFolder(tmp_path), load(EXAMPLE)).values()
    assert pair.feed(NODE, "cat > /tmp/other.pem", other.content) == ""
    refused = pair.backrest("--repo1-storage-ca-file=/tmp/other.pem", *RAW, "repo-get", "first", status=None)
    assert "unable to verify certificate" in refused
    assert "first" not in refused.splitlines()


def test_no_secret_is_in_an_argument_or_in_a_file_that_others_can_read(pair: LabWithStore) -> None:
    values = json.loads((pair.folder / "secrets" / "secrets.json").read_text())
    secrets = [values[name] for name in ("store", "store_hash", "archive")]
    seen = b"\n".join(pair.watch.seen).decode(errors="replace")
    assert "swift-proxy-server" in seen
    assert not [number for number, secret in enumerate(secrets) if secret in seen]
    keep = "umask 077; cat > /root/patterns"
    look = "grep -r -l -F --devices=skip -f /root/patterns /etc /run /tmp /srv/node/. /usr/lib/tuchanka"
    held = pair.feed("depot", f"{keep}; {look} | xargs stat -c '%a %n'; rm /root/patterns", "\n".join(secrets))
    assert set(held.splitlines()) == {
        "600 /etc/swift/proxy-server.conf",
        "600 /etc/swift/swift.conf",
        "600 /etc/tuchanka/store.json",
    }
    journal = pair.run("logs", "depot").stdout
    assert not [number for number, secret in enumerate(secrets) if secret in journal]


def test_it_outlives_a_power_loss_and_up_brings_it_back(pair: LabWithStore) -> None:
    pair.store("before")
    pair.run("power-off", "depot")
    off = pair.depot(status=1)
    assert (off["power"], off["problems"]) == ("off", ["depot can't be asked about its services: is off"])
    pair.up()
    assert pair.depot()["problems"] == []
    assert (pair.stored("first"), pair.stored("before")) == ("first", "before")


def test_a_server_that_crashed_comes_back_by_itself(pair: LabWithStore) -> None:
    for unit in ("nginx", "memcached", "swift-proxy", "swift-object"):
        pair.execute("depot", "systemctl", "kill", "--signal=KILL", unit)
    wait_for(
        lambda: not pair.execute("depot", "/usr/lib/tuchanka/store", "check"), "an answer", seconds=30, every=0.5
    )
    assert pair.stored("first") == "first"


def test_a_full_disk_gives_what_it_has_and_takes_again_once_there_is_room(pair: LabWithStore) -> None:
    room = "$(($(df --output=avail -B1 /srv/node/. | tail -1) - 15000000))"
    pair.execute("depot", "sh", "-c", f"fallocate -l {room} /srv/node/data/filler")
    assert "503" in pair.store("late", status=None)
    assert pair.stored("first") == "first"
    (full,) = pair.depot(status=1)["problems"]
    assert "its disk is full" in full
    pair.execute("depot", "rm", "/srv/node/data/filler")
    pair.store("late")
    assert (pair.stored("late"), pair.depot(status=None)["problems"]) == ("late", [])


def test_what_was_damaged_is_put_aside(pair: LabWithStore) -> None:
    pair.store("damaged")
    break_it = "printf X | dd of=$(grep -rl damaged /srv/node/data/objects) bs=1 conv=notrunc"
    pair.execute("depot", "sh", "-c", break_it)
    audit = ("setpriv", "--reuid=swift", "--regid=swift", "--init-groups", "--", "swift-object-auditor")
    pair.execute("depot", *audit, "/etc/swift/object-server.conf", "once")
    assert (pair.stored("damaged"), pair.stored("first")) == ("", "first")


def test_it_goes_back_with_the_lab(pair: LabWithStore) -> None:
    pair.run("snapshot", "kept")
    pair.store("after")
    assert pair.stored("after") == "after"
    pair.run("rollback", "kept", "--yes")
    pair.up()
    assert (pair.stored("first"), pair.stored("after")) == ("first", "")
