import os
from pathlib import Path

import pytest

from tuchanka.errors import HostError
from tuchanka.writing import write_atomically


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_written_whole_with_its_mode_and_nothing_beside_it(tmp_path: Path):
    file = tmp_path / "state.json"
    write_atomically(file, "old")
    write_atomically(file, "new", mode=0o600)
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o600)
    assert names(tmp_path) == {"state.json"}


def test_a_file_that_can_not_be_written_stays_as_it_was(tmp_path: Path):
    file = tmp_path / "state.json"
    write_atomically(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(file, "half \ud800")
    assert file.read_text() == "old"
    assert names(tmp_path) == {"state.json"}


def test_a_killed_writer_leaves_the_old_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "state.json"
    write_atomically(file, "old")

    def killed(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(file, "new")
    assert file.read_text() == "old"


def test_where_nothing_can_be_written_that_is_said(tmp_path: Path):
    with pytest.raises(HostError, match=r"gone/file: can't write: No such file or directory; is there room"):
        write_atomically(tmp_path / "gone" / "file", "text")
