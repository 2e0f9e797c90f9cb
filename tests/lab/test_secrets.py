import json
from dataclasses import asdict, fields
from pathlib import Path

from tuchanka.lab import secrets
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.secrets import Secrets


def folder(path: Path) -> LabFolder:
    path.mkdir()
    return LabFolder(path)


def test_they_are_made_once_and_for_each_lab_anew(tmp_path: Path):
    one, other = folder(tmp_path / "one"), folder(tmp_path / "other")
    first = secrets.ensure(one)
    assert secrets.ensure(one) == first
    values = [*asdict(first).values(), *asdict(secrets.ensure(other)).values()]
    assert len(set(values)) == 2 * len(fields(Secrets))


def test_only_their_owner_can_read_them(tmp_path: Path):
    lab = folder(tmp_path / "lab")
    secrets.ensure(lab)
    assert lab.secrets.stat().st_mode & 0o777 == 0o700
    assert [(file.name, file.stat().st_mode & 0o777) for file in lab.secrets.iterdir()] == [("secrets.json", 0o600)]


def test_no_value_shows_when_they_are_printed(tmp_path: Path):
    made = secrets.ensure(folder(tmp_path / "lab"))
    shown = f"{made!r} {made} {[made]}"
    assert not any(value in shown for value in asdict(made).values())


def test_they_are_long_enough_and_need_no_quoting(tmp_path: Path):
    made = secrets.ensure(folder(tmp_path / "lab"))
    for value in asdict(made).values():
        assert len(value) >= 32
        # A colon or a backslash would have a meaning in .pgpass, a quote in SQL.
        assert not set(value) & set(":\\'\"\n $%")
    assert len(made.corosync_key) >= 128


def test_the_file_holds_what_is_used(tmp_path: Path):
    lab = folder(tmp_path / "lab")
    assert asdict(secrets.ensure(lab)) == json.loads((lab.secrets / "secrets.json").read_text())
