import json
from pathlib import Path

from tuchanka.lab import secrets
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.secrets import Secrets

SERVICES = ("heartbeat", "backup")


def folder(path: Path) -> LabFolder:
    path.mkdir()
    return LabFolder(path)


def values(made: Secrets) -> list[str]:
    return [made.replication, made.corosync_key, *made.services.values()]


def test_they_are_made_once_and_for_each_lab_anew(tmp_path: Path):
    one, other = folder(tmp_path / "one"), folder(tmp_path / "other")
    first = secrets.ensure(one, SERVICES)
    assert secrets.ensure(one, SERVICES) == first
    assert set(first.services) == set(SERVICES)
    assert len({*values(first), *values(secrets.ensure(other, SERVICES))}) == 2 * 4


def test_a_service_that_comes_later_gets_its_own_and_changes_no_other(tmp_path: Path):
    lab = folder(tmp_path / "lab")
    before = secrets.ensure(lab, ("heartbeat",))
    after = secrets.ensure(lab, SERVICES)
    assert values(after)[:3] == values(before)
    assert after.services["backup"] not in values(before)
    assert secrets.ensure(lab, ("heartbeat",)) == before


def test_only_their_owner_can_read_them(tmp_path: Path):
    lab = folder(tmp_path / "lab")
    secrets.ensure(lab, SERVICES)
    assert lab.secrets.stat().st_mode & 0o777 == 0o700
    assert [(file.name, file.stat().st_mode & 0o777) for file in lab.secrets.iterdir()] == [("secrets.json", 0o600)]


def test_no_value_shows_when_they_are_printed(tmp_path: Path):
    made = secrets.ensure(folder(tmp_path / "lab"), SERVICES)
    shown = f"{made!r} {made} {[made]}"
    assert not any(value in shown for value in values(made))


def test_they_are_long_enough_and_need_no_quoting(tmp_path: Path):
    made = secrets.ensure(folder(tmp_path / "lab"), SERVICES)
    for value in values(made):
        assert len(value) >= 32
        # A colon or a backslash would have a meaning in .pgpass, a quote in SQL.
        assert not set(value) & set(":\\'\"\n $%")
    assert len(made.corosync_key) >= 128


def test_the_file_holds_what_is_used(tmp_path: Path):
    lab = folder(tmp_path / "lab")
    made = secrets.ensure(lab, SERVICES)
    kept = json.loads((lab.secrets / "secrets.json").read_text())
    assert kept == {"replication": made.replication, "corosync_key": made.corosync_key, **made.services}
