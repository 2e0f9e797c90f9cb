"""What is done to a store, what is put right, and that only what was done is."""

import asyncio
import hashlib
import os
import pickle
import re
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tuchanka.errors import InputError, MachineError
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Fault, Target
from tuchanka.faults.heal import heal
from tuchanka.faults.inside import store_object
from tuchanka.faults.services import standby_away, store_forbidden, store_slow
from tuchanka.faults.targets import check_target, make_target, resolve, unfit
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider, Step
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.topology.load import load

EXAMPLE = load(Path(__file__).parents[2] / "examples" / "archive.toml")
WITHOUT = load(None)
PAIR = EXAMPLE.cluster("tuchanka2")
OURS = [fault for fault in CATALOGUE.values() if fault.family == "services"]
ROLES = {"tuchanka2a": "primary", "tuchanka2b": "standby"}


def target_of(folder: Path, provider: FakeProvider, fault: Fault, wanted: str = "primary") -> Target:
    lab = Lab(LabFolder(folder), EXAMPLE, provider, PACEMAKER)
    for name in ("depot", "tuchanka2a", "tuchanka2b"):
        provider.machine(name).on = True
    name = resolve(fault, EXAMPLE, PAIR, "krogan2", wanted, ROLES, Random(1))
    return make_target(lab, PAIR, PAIR.instances[0], fault, name, "tuchanka2a")


@pytest.mark.parametrize("fault", OURS, ids=lambda fault: fault.name)
def test_they_are_there_where_the_topology_has_what_they_need_and_nowhere_else(fault: Fault):
    assert unfit(fault, EXAMPLE, PAIR) == ""
    assert unfit(fault, WITHOUT, WITHOUT.clusters[1]).startswith("the topology has no ")


def test_a_fault_of_the_store_hits_its_machine_whatever_was_asked_for():
    fault = CATALOGUE["store-off"]
    for wanted in ("primary", "standby", "random", "depot", "dc1"):
        assert resolve(fault, EXAMPLE, PAIR, "krogan2", wanted, ROLES, Random(1)) == "depot"
    with pytest.raises(InputError, match="acts on a machine for services, and the topology has none"):
        resolve(fault, WITHOUT, PAIR, "krogan2", "primary", ROLES, Random(1))
    check_target(fault, EXAMPLE, "depot")
    with pytest.raises(
        InputError, match="acts on a machine for services, and tuchanka2a is a node; choose from: depot"
    ):
        check_target(fault, EXAMPLE, "tuchanka2a")


def test_the_store_goes_and_then_the_primary_and_both_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tuchanka.faults.services.store_off.WITHOUT_STORE_S", 0.0)
    provider, fault = FakeProvider(), CATALOGUE["store-then-primary"]
    target = target_of(tmp_path, provider, fault, "standby")
    assert target.machine_names == ("tuchanka2a",)
    asyncio.run(fault.apply(target))
    offs = [step.machine for step in provider.steps if step.verb == "power_off"]
    assert offs == ["depot", "tuchanka2a"]
    for _ in range(2):
        asyncio.run(fault.heal(target))
        assert all(provider.machine(name).on for name in ("depot", "tuchanka2a"))


@pytest.mark.parametrize(
    ("name", "undo"), [("store-slow", store_slow.FAST), ("store-forbidden", store_forbidden.ALLOW)]
)
def test_the_healing_is_for_stores_that_are_on_and_nobody_else(tmp_path: Path, name: str, undo: str):
    provider, fault = FakeProvider(), CATALOGUE[name]
    target = target_of(tmp_path, provider, fault)
    lab = target.lab
    everything = Target(lab, "lab", tuple(lab.machine(machine.name) for machine in EXAMPLE.machines))

    def told() -> set[str]:
        return {step.machine for step in provider.steps if undo in (step.stdin, *step.what.partition(undo))}

    asyncio.run(fault.heal(everything))
    assert told() == {"depot"}
    provider.steps.clear()
    provider.machine("depot").on = False
    asyncio.run(fault.heal(everything))
    assert told() == set()


def test_everything_is_healed_on_the_depot_with_the_rest(tmp_path: Path):
    nothing_runs, healed = Completed(3, "", ""), Completed(0, "healed\n", "")
    provider = FakeProvider([("python3 - wake", nothing_runs), ("echo healed", healed)])
    lab = target_of(tmp_path, provider, CATALOGUE["store-off"]).lab
    asyncio.run(heal(Target(lab, "depot", (lab.machine("depot"),))))
    stdin = [step.stdin for step in provider.steps if step.machine == "depot"]
    assert store_forbidden.ALLOW in stdin
    assert any("rm -f /var/lib/postgresql/.tuchanka-filler" in step.what for step in provider.steps)


def forbid(folder: Path, script: str) -> str:
    """Run a script on a configuration in a folder; there is no systemd, nor a user swift."""
    text = script.replace(store_forbidden.CONF, f"{folder}/proxy-server.conf").replace("systemctl restart", "true")
    subprocess.run(["sh", "-e"], input=text, text=True, check=True)
    return (folder / "proxy-server.conf").read_text()


def test_a_revoked_key_is_put_back_however_often_and_wherever_it_was_killed(tmp_path: Path):
    conf = tmp_path / "proxy-server.conf"
    own = "[filter:tempauth]\nuse = egg:swift#tempauth\nuser_archive_writer = secret .admin\n"
    conf.write_text(own)
    conf.chmod(0o600)
    assert forbid(tmp_path, store_forbidden.ALLOW) == own
    revoked = [forbid(tmp_path, store_forbidden.REVOKE) for _ in range(2)]
    for text in revoked:
        assert re.sub(r"= \w{20,} \.admin", "= secret .admin", text) == own
        assert "secret" not in text
    assert revoked[0] != revoked[1]
    assert conf.stat().st_mode & 0o777 == 0o600
    for _ in range(2):
        assert forbid(tmp_path, store_forbidden.ALLOW) == own
    assert [file.name for file in tmp_path.iterdir()] == ["proxy-server.conf"]
    # Killed before it came to the restart, and before it came to the new key.
    lines = store_forbidden.REVOKE.splitlines()
    for killed in range(1, len(lines)):
        forbid(tmp_path, "\n".join(lines[:killed]))
        assert forbid(tmp_path, store_forbidden.ALLOW) == own


OLD_LOG, NEW_LOG = (f"lab/archive/krogan2/17-1/{'0' * 16}/{'0' * 23}{n}-{'a' * 40}.zst" for n in (1, 2))


@pytest.fixture(name="objects")
def _objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Two files of the log and the list of backups, as Swift has them on its disk."""
    found, metadata = {}, {}
    for number, key in enumerate((OLD_LOG, NEW_LOG, "lab/backup/krogan2/backup.info")):
        file = tmp_path / "objects" / str(number) / "a" / hashlib.sha256(key.encode()).hexdigest() / "1.data"
        file.parent.mkdir(parents=True)
        file.write_bytes(key.encode())
        found[key], metadata[file] = file, pickle.dumps({b"name": f"/AUTH_x/archive/{key}".encode()}, 2)
    monkeypatch.setattr(store_object, "OBJECTS", tmp_path / "objects")
    monkeypatch.setattr(store_object, "MARK", tmp_path / "mark")
    monkeypatch.setattr(os, "getxattr", lambda path, _: metadata[path])
    return found


def test_the_newest_log_is_damaged_and_what_is_left_of_it_deleted(
    objects: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    asked = []

    def ask(_: dict[str, Any], method: str, name: str) -> int:
        asked.append((method, name))
        if method == "GET" and objects[name].read_bytes() != name.encode():
            objects[name].unlink()
        return 404

    monkeypatch.setattr(store_object, "ask", ask)
    settings = {"bucket": "archive"}
    assert store_object.forget(settings) == 0
    assert asked == []
    assert store_object.damage(settings) == 0
    assert sorted(key for key, file in objects.items() if not file.exists()) == [NEW_LOG]
    assert store_object.forget(settings) == store_object.forget(settings) == 0
    assert asked == [("GET", NEW_LOG), ("DELETE", NEW_LOG)]
    assert capsys.readouterr().out == f"{NEW_LOG}\n" * 2


def test_damage_that_the_store_serves_as_sound_is_told(objects: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store_object, "ask", lambda *_: 200)
    monkeypatch.setattr(store_object, "NOTICE_S", 0.0)
    assert store_object.damage({"bucket": "archive"}) == store_object.NOT_NOTICED
    assert store_object.damage({"bucket": "another"}) == store_object.NOTHING_TO_DAMAGE
    assert objects[OLD_LOG].read_bytes() == OLD_LOG.encode()


@pytest.mark.parametrize(("status", "why"), [(3, "has no log of an archive"), (4, "as if it were sound"), (1, "why")])
def test_an_object_that_can_not_be_damaged_is_one_line(tmp_path: Path, status: int, why: str):
    provider, fault = (
        FakeProvider([("python3 -", Completed(status, "", "Traceback\nwhy"))]),
        CATALOGUE["store-corrupted"],
    )
    with pytest.raises(MachineError, match=why):
        asyncio.run(fault.apply(target_of(tmp_path, provider, fault)))


@pytest.mark.parametrize("answer", ["", f"{NEW_LOG}\n"])
def test_the_keepers_look_at_everything_again_where_something_was_deleted(tmp_path: Path, answer: str):
    provider, fault = FakeProvider([("python3 -", Completed(0, answer, ""))]), CATALOGUE["store-corrupted"]
    asyncio.run(fault.heal(target_of(tmp_path, provider, fault)))
    cleared = {step.machine for step in provider.steps if "rm -f /run/postgresql/krogan2.archive-whole" in step.what}
    assert cleared == ({"tuchanka2a", "tuchanka2b"} if answer else set())


def test_so_much_log_is_written_that_the_standby_s_next_file_goes(tmp_path: Path):
    written = 0

    def server(step: Step) -> Completed | None:
        nonlocal written
        written += step.stdin == standby_away.WRITE
        answers = {
            "SELECT pg_is_in_recovery()": "f",
            standby_away.FILE: "0000000000000004",
            standby_away.CHUNKS: "20",
            standby_away.OLDEST: "0000000000000005" if written == 20 else "0000000000000004",
        }
        return Completed(0, answers[step.stdin] + "\n", "") if step.stdin in answers else None

    provider, fault = FakeProvider(server), CATALOGUE["standby-away"]
    target = target_of(tmp_path, provider, fault)
    assert target.machine_names == ("tuchanka2b",)
    asyncio.run(fault.apply(target))
    assert written == 20
    assert not provider.machine("tuchanka2b").on
    asyncio.run(fault.heal(target))
    assert provider.machine("tuchanka2b").on
