from pathlib import Path

import pytest

from tuchanka.errors import UnknownName
from tuchanka.providers.nspawn import disks, layers
from tuchanka.providers.nspawn.disks import Disk
from tuchanka.providers.nspawn.paths import MachinePaths

DISKS = (Disk("root", 64 << 20, Path("/base")), Disk("data", 64 << 20, Path("/base/data")))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the files makes no difference here."""
    monkeypatch.setattr(disks, "make", lambda disk, folder: (folder / disk.file).write_text("empty"))


@pytest.fixture
def paths(tmp_path: Path) -> MachinePaths:
    paths = MachinePaths(tmp_path / "disk", tmp_path / "run")
    layers.prepare(paths, DISKS)
    return paths


def write(paths: MachinePaths, text: str) -> None:
    layers.prepare(paths, DISKS)
    (paths.upper / "root.img").write_text(text)


def three_snapshots(paths: MachinePaths) -> None:
    for name in ("create", "install", "set-up"):
        write(paths, name)
        layers.freeze(paths, name, DISKS)


def test_a_machine_that_was_never_made_has_no_snapshots(tmp_path: Path):
    paths = MachinePaths(tmp_path / "disk", tmp_path / "run")
    assert layers.names(paths) == ()
    layers.roll_back(paths, None)
    assert layers.names(paths) == ()


def test_snapshots_are_named_the_oldest_first_and_each_disk_has_a_file_in_all_of_them(paths: MachinePaths):
    three_snapshots(paths)
    layers.prepare(paths, DISKS)
    assert layers.names(paths) == ("create", "install", "set-up")
    frozen = layers.frozen(paths)
    assert layers.files(paths, DISKS) == {
        "root": ["/base", *(str(layer / "root.img") for layer in (*frozen, paths.upper))],
        "data": ["/base/data", *(str(layer / "data.img") for layer in (*frozen, paths.upper))],
    }
    assert [(layer / "root.img").read_text() for layer in frozen] == ["create", "install", "set-up"]
    assert (paths.upper / "root.img").read_text() == "empty"


def test_what_is_written_to_stays_until_it_is_frozen(paths: MachinePaths):
    write(paths, "written")
    layers.prepare(paths, DISKS)
    assert (paths.upper / "root.img").read_text() == "written"


def test_disks_that_were_half_made_are_made_anew(paths: MachinePaths):
    layers.roll_back(paths, None)
    half = paths.disk / "upper.new"
    half.mkdir()
    (half / "root.img").write_text("half")
    layers.prepare(paths, DISKS)
    assert sorted(file.name for file in paths.upper.iterdir()) == ["data.img", "root.img"]
    assert (paths.upper / "root.img").read_text() == "empty"
    assert not half.exists()


def test_more_than_nine_snapshots_keep_their_order(paths: MachinePaths):
    names = [f"s{number}" for number in range(12)]
    for name in names:
        layers.freeze(paths, name, DISKS)
    assert list(layers.names(paths)) == names


def test_a_rollback_drops_the_upper_layer_and_the_later_snapshots(paths: MachinePaths):
    three_snapshots(paths)
    write(paths, "later")
    layers.roll_back(paths, "install")
    assert layers.names(paths) == ("create", "install")
    layers.prepare(paths, DISKS)
    assert (paths.upper / "root.img").read_text() == "empty"
    assert not (paths.disk / "trash").exists()


def test_a_rollback_to_the_newest_snapshot_drops_the_upper_layer_alone(paths: MachinePaths):
    three_snapshots(paths)
    write(paths, "later")
    layers.roll_back(paths, "set-up")
    assert layers.names(paths) == ("create", "install", "set-up")
    assert not paths.upper.exists()


def test_a_rollback_to_nothing_leaves_the_empty_disk(paths: MachinePaths):
    three_snapshots(paths)
    layers.roll_back(paths, None)
    assert layers.names(paths) == ()
    assert not paths.upper.exists()


def test_an_unknown_snapshot_changes_nothing(paths: MachinePaths):
    three_snapshots(paths)
    write(paths, "later")
    with pytest.raises(UnknownName, match="no snapshot called 'gone'; choose from: create, install, set-up"):
        layers.roll_back(paths, "gone")
    assert layers.names(paths) == ("create", "install", "set-up")
    assert (paths.upper / "root.img").read_text() == "later"


def test_a_freeze_that_was_killed_after_its_rename_has_taken_place(paths: MachinePaths):
    write(paths, "create")
    paths.upper.rename(paths.layers / "0001-create")
    assert layers.names(paths) == ("create",)
    layers.freeze(paths, "install", DISKS)
    assert layers.names(paths) == ("create", "install")


def test_a_rollback_that_was_killed_can_be_done_again(paths: MachinePaths, monkeypatch: pytest.MonkeyPatch):
    three_snapshots(paths)
    write(paths, "later")
    real = layers._discard
    allowed = 2

    def killed(its: MachinePaths, folder: Path) -> None:
        nonlocal allowed
        if allowed == 0:
            raise KeyboardInterrupt
        allowed -= 1
        real(its, folder)

    monkeypatch.setattr(layers, "_discard", killed)
    with pytest.raises(KeyboardInterrupt):
        layers.roll_back(paths, None)
    assert layers.names(paths) == ("create", "install")
    monkeypatch.undo()
    layers.roll_back(paths, None)
    assert layers.names(paths) == ()


@pytest.mark.parametrize("left", ["upper.0", "upper.1", "0003-set-up.0", "x/upper"])
def test_the_trash_of_a_killed_rollback_is_in_nobodys_way(paths: MachinePaths, left: str):
    three_snapshots(paths)
    write(paths, "later")
    (paths.disk / "trash" / left).mkdir(parents=True)
    (paths.disk / "trash" / left / "half").write_text("deleted")
    layers.roll_back(paths, "create")
    assert layers.names(paths) == ("create",)
    assert not (paths.disk / "trash").exists()
