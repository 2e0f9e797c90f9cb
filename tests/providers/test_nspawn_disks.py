"""The disks' files. Mounting them takes root and namespaces: tests/real/test_disks.py."""

import asyncio
import os
from pathlib import Path

import pytest

from tuchanka.errors import DeadlineExceeded, HostError
from tuchanka.providers.nspawn import disks
from tuchanka.providers.nspawn.disks import Disk
from tuchanka.topology.types import Limits

SIZE = 256 << 20


def test_a_machine_has_a_root_and_a_data_disk_of_the_sizes_in_the_topology():
    limits = Limits(memory_bytes=1, processes=1, root_disk_bytes=2, data_disk_bytes=3)
    assert disks.disks(Path("/image"), limits) == (
        Disk("root", 2, Path("/image")),
        Disk("data", 3, Path("/image/var/lib/postgresql")),
    )


def test_a_new_disk_has_its_size_and_takes_next_to_no_room(tmp_path: Path):
    base = tmp_path / "base"
    base.mkdir(mode=0o750)
    disks.make(Disk("data", SIZE, base), tmp_path)
    (file,) = tmp_path.glob("data*")
    assert file.stat().st_size == SIZE
    assert file.stat().st_blocks * 512 < SIZE / 100


def test_a_disk_that_can_not_be_made_is_one_line(tmp_path: Path):
    with pytest.raises(HostError, match=r"data\.img: mkfs\.ext4 failed: .*; see 'tuchanka doctor'"):
        disks.make(Disk("data", 4096, tmp_path), tmp_path)


def loop(devices: Path, number: int, backing: str) -> Path:
    folder = devices / f"loop{number}" / "loop"
    folder.mkdir(parents=True)
    (folder / "backing_file").write_text(f"{backing}\n")
    return folder / "backing_file"


def test_files_in_loop_devices_are_found_by_their_folder_and_no_others(tmp_path: Path):
    (tmp_path / "loop8").mkdir()  # a free one
    loop(tmp_path, 0, "/lab/machines/a/upper/root.img")
    loop(tmp_path, 1, "/lab/machines/ab/upper/root.img")
    loop(tmp_path, 2, "/lab/machines/a/upper/data.img (deleted)")
    assert sorted(disks.in_use(Path("/lab/machines/a"), tmp_path)) == ["loop0", "loop2"]


def test_the_release_of_the_files_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(disks, "RELEASE_S", 0.1)
    monkeypatch.setattr(disks, "PATIENCE_S", 0.1)
    thawed: list[Path] = []
    monkeypatch.setattr(disks, "thaw_abandoned", thawed.append)
    answers = [["loop7"], []]
    monkeypatch.setattr(disks, "in_use", lambda _: answers.pop(0))
    asyncio.run(disks.released(Path("/lab")))
    assert (answers, thawed) == ([], [])
    monkeypatch.setattr(disks, "in_use", lambda _: ["loop7"])
    with pytest.raises(DeadlineExceeded, match=f"the release of the disks in {os.sep}lab"):
        asyncio.run(disks.released(Path("/lab")))
    assert thawed == [Path("/lab")]


def test_what_is_mounted_is_the_images_folder_and_the_disks_file_of_each_layer(tmp_path: Path):
    layers = [tmp_path / "0001-create", tmp_path / "upper"]
    assert disks.chains(disks.disks(Path("/base"), Limits(1, 1, 2, 3)), layers) == {
        "root": ["/base", *(str(layer / "root.img") for layer in layers)],
        "data": ["/base/var/lib/postgresql", *(str(layer / "data.img") for layer in layers)],
    }
