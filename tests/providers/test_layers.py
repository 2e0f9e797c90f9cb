from pathlib import Path

import pytest

from tuchanka.errors import UnknownName
from tuchanka.providers import layers


def make(folder: Path) -> None:
    for name in ("root.img", "data.img"):
        (folder / name).write_text("empty")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    layers.prepare(tmp_path / "machine", make)
    return tmp_path / "machine"


def write(machine: Path, text: str) -> None:
    layers.prepare(machine, make)
    (layers.upper(machine) / "root.img").write_text(text)


def three_snapshots(machine: Path) -> None:
    for name in ("create", "install", "set-up"):
        write(machine, name)
        layers.freeze(machine, name, make)


def test_a_machine_that_was_never_made_has_no_snapshots(tmp_path: Path):
    machine = tmp_path / "machine"
    assert layers.names(machine) == ()
    layers.roll_back(machine, None)
    assert layers.names(machine) == ()


def test_snapshots_are_named_the_oldest_first_and_each_disk_has_a_file_in_all_of_them(machine: Path):
    three_snapshots(machine)
    layers.prepare(machine, make)
    assert layers.names(machine) == ("create", "install", "set-up")
    frozen = layers.frozen(machine)
    assert layers.layers(machine) == (*frozen, layers.upper(machine))
    assert all((layer / name).exists() for layer in layers.layers(machine) for name in ("root.img", "data.img"))
    assert [(layer / "root.img").read_text() for layer in frozen] == ["create", "install", "set-up"]
    assert (layers.upper(machine) / "root.img").read_text() == "empty"


def test_what_is_written_to_stays_until_it_is_frozen(machine: Path):
    write(machine, "written")
    layers.prepare(machine, make)
    assert (layers.upper(machine) / "root.img").read_text() == "written"


def test_disks_that_were_half_made_are_made_anew(machine: Path):
    layers.roll_back(machine, None)
    half = machine / "upper.new"
    half.mkdir()
    (half / "root.img").write_text("half")
    layers.prepare(machine, make)
    assert sorted(file.name for file in layers.upper(machine).iterdir()) == ["data.img", "root.img"]
    assert (layers.upper(machine) / "root.img").read_text() == "empty"
    assert not half.exists()


def test_more_than_nine_snapshots_keep_their_order(machine: Path):
    names = [f"s{number}" for number in range(12)]
    for name in names:
        layers.freeze(machine, name, make)
    assert list(layers.names(machine)) == names


def test_a_rollback_drops_the_upper_layer_and_the_later_snapshots(machine: Path):
    three_snapshots(machine)
    write(machine, "later")
    layers.roll_back(machine, "install")
    assert layers.names(machine) == ("create", "install")
    layers.prepare(machine, make)
    assert (layers.upper(machine) / "root.img").read_text() == "empty"
    assert not (machine / "trash").exists()


def test_a_rollback_to_the_newest_snapshot_drops_the_upper_layer_alone(machine: Path):
    three_snapshots(machine)
    write(machine, "later")
    layers.roll_back(machine, "set-up")
    assert layers.names(machine) == ("create", "install", "set-up")
    assert not layers.upper(machine).exists()


def test_a_rollback_to_nothing_leaves_the_empty_disk(machine: Path):
    three_snapshots(machine)
    layers.roll_back(machine, None)
    assert layers.names(machine) == ()
    assert not layers.upper(machine).exists()


def test_an_unknown_snapshot_changes_nothing(machine: Path):
    three_snapshots(machine)
    write(machine, "later")
    with pytest.raises(UnknownName, match="no snapshot called 'gone'; choose from: create, install, set-up"):
        layers.roll_back(machine, "gone")
    assert layers.names(machine) == ("create", "install", "set-up")
    assert (layers.upper(machine) / "root.img").read_text() == "later"


def test_a_freeze_that_was_killed_after_its_rename_has_taken_place(machine: Path):
    write(machine, "create")
    layers.upper(machine).rename(machine / "layers" / "0001-create")
    assert layers.names(machine) == ("create",)
    layers.freeze(machine, "install", make)
    assert layers.names(machine) == ("create", "install")


def test_a_rollback_that_was_killed_can_be_done_again(machine: Path, monkeypatch: pytest.MonkeyPatch):
    three_snapshots(machine)
    write(machine, "later")
    real = layers._discard
    allowed = 2

    def killed(its: Path, folder: Path) -> None:
        nonlocal allowed
        if allowed == 0:
            raise KeyboardInterrupt
        allowed -= 1
        real(its, folder)

    monkeypatch.setattr(layers, "_discard", killed)
    with pytest.raises(KeyboardInterrupt):
        layers.roll_back(machine, None)
    assert layers.names(machine) == ("create", "install")
    monkeypatch.undo()
    layers.roll_back(machine, None)
    assert layers.names(machine) == ()


@pytest.mark.parametrize("left", ["upper.0", "upper.1", "0003-set-up.0", "x/upper"])
def test_the_trash_of_a_killed_rollback_is_in_nobodys_way(machine: Path, left: str):
    three_snapshots(machine)
    write(machine, "later")
    (machine / "trash" / left).mkdir(parents=True)
    (machine / "trash" / left / "half").write_text("deleted")
    layers.roll_back(machine, "create")
    assert layers.names(machine) == ("create",)
    assert not (machine / "trash").exists()
