import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tuchanka.errors import InputError, LabBusy, LabError
from tuchanka.lab import folder as module
from tuchanka.lab.folder import LabFolder, lock_file

HOLDER = """
import sys
from pathlib import Path
from tuchanka.lab import folder
folder.lock_file = lambda _: Path(sys.argv[2])
with folder.LabFolder(Path(sys.argv[1])).locked("up"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabFolder:
    monkeypatch.setattr(module, "lock_file", lambda _: tmp_path / "locks" / "lab")
    return LabFolder(tmp_path / "lab")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_lab_is_founded_once_and_keeps_its_first_topology(lab: LabFolder):
    assert not lab.exists
    lab.found("first", "nspawn")
    lab.found("second", "nspawn")
    assert lab.exists
    assert lab.topology_file.read_text() == "first"
    assert lab.read_marker()["version"] == module.VERSION


def test_a_founding_that_was_killed_is_completed(lab: LabFolder):
    lab.path.mkdir()
    lab.found("text", "nspawn", Path("/first"))
    lab.topology_file.unlink()
    lab.found("again", "nspawn", Path("/second"))
    assert lab.topology_file.read_text() == "again"
    assert lab.beside == Path("/second")


def test_a_lab_remembers_where_the_paths_in_its_topology_begin(lab: LabFolder):
    assert lab.beside is None
    lab.found("text", "nspawn", Path("here"))
    lab.found("text", "nspawn", Path("/elsewhere"))
    assert lab.beside == Path("here").absolute()
    # One that was made before it was kept.
    lab.marker.write_text('{"version": 2}')
    assert lab.beside is None


def test_a_founding_that_was_killed_while_it_wrote_its_first_file_is_completed(lab: LabFolder):
    lab.path.mkdir()
    (lab.path / ".lab.json.x7_3k2").write_text('{"ver')
    lab.found("text", "nspawn")
    assert lab.exists


@pytest.mark.parametrize(
    "foreign", ["file", "folder with a file", "folder with a folder", "folder with a hidden file"]
)
def test_what_belongs_to_someone_else_is_refused_and_not_touched(lab: LabFolder, foreign: str):
    match foreign:
        case "file":
            lab.path.write_text("mine")
        case "folder with a folder":
            (lab.path / "mine").mkdir(parents=True)
        case "folder with a hidden file":
            lab.path.mkdir()
            (lab.path / ".profile").touch()
        case _:
            lab.path.mkdir()
            (lab.path / "mine").touch()
    before = set(lab.path.rglob("*"))
    with pytest.raises(InputError, match="holds no lab; give --lab a lab's, a new or an empty folder"):
        lab.found("text", "nspawn")
    assert set(lab.path.rglob("*")) == before


def test_a_folder_without_a_lab_says_how_to_make_one(lab: LabFolder):
    with pytest.raises(LabError, match="there is no lab; make it with 'tuchanka up'"):
        lab.read_marker()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '"text"'])
def test_a_marker_that_can_not_be_read_is_one_line(lab: LabFolder, text: str):
    lab.found("text", "nspawn")
    lab.marker.write_text(text)
    with pytest.raises(LabError, match="state can't be read"):
        lab.read_marker()


def test_a_lab_of_another_version_is_refused(lab: LabFolder):
    lab.found("text", "nspawn")
    lab.marker.write_text('{"version": 99}')
    with pytest.raises(LabError, match="the lab is of version 99, not 2"):
        lab.read_marker()


def test_the_second_command_is_told_at_once_who_holds_the_lab(lab: LabFolder):
    with (
        lab.locked("up"),
        pytest.raises(LabBusy, match=rf"'tuchanka up' \(PID {os.getpid()}\) is working on this lab"),
        lab.locked("destroy"),
    ):
        pass
    with lab.locked("status"):
        pass


def test_the_lock_is_free_after_a_command_that_failed(lab: LabFolder):
    with pytest.raises(LabError), lab.locked("up"):
        raise LabError("failed")
    with lab.locked("up"):
        pass


@contextmanager
def holder(lab: LabFolder) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(lab.path), str(module.lock_file(lab.path))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_another_process_is_refused_and_a_killed_holder_frees_the_lab(lab: LabFolder):
    with holder(lab) as process:
        with pytest.raises(LabBusy, match=rf"\(PID {process.pid}\)"), lab.locked("up"):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        with lab.locked("destroy"):
            assert str(os.getpid()) in module.lock_file(lab.path).read_text()
            assert str(process.pid) not in module.lock_file(lab.path).read_text()


def test_what_is_removed_is_gone_with_its_lock(lab: LabFolder):
    lab.found("text", "nspawn")
    (lab.path / "machines" / "a").mkdir(parents=True)
    (lab.path / "link").symlink_to(lab.path.parent)
    with lab.locked("destroy"):
        lab.remove()
    assert not lab.path.exists()
    assert not module.lock_file(lab.path).exists()
    lab.remove()


def test_a_removal_that_was_killed_can_be_done_again(lab: LabFolder, monkeypatch: pytest.MonkeyPatch):
    lab.found("text", "nspawn")
    for name in ("one", "two"):
        (lab.path / name).mkdir()

    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            lab.remove()
    assert lab.exists
    lab.remove()
    assert not lab.path.exists()


def test_each_lab_has_a_lock_of_its_own_outside_its_folder():
    paths = [Path("/var/lib/tuchanka/a_b"), Path("/var/lib/tuchanka/a/b"), Path("/var/lib/tuchanka/a")]
    assert len({lock_file(path) for path in paths}) == 3
    assert not any(lock_file(path).is_relative_to(path) for path in paths)
    assert len(lock_file(Path("/srv") / ("x" * 200) / ("y" * 200)).name) <= 255
