import os
from pathlib import Path

import pytest

from tuchanka.doctor import examination, examine, probes
from tuchanka.providers import host


def test_every_subject_is_looked_at(tmp_path: Path):
    names = {check.name for check in examine("nspawn", cache=tmp_path / "cache", state=tmp_path / "state")}

    assert {"root", "Linux", "architecture", "Python", "systemd-nspawn", "cgroups", "memory"} <= names
    assert {f"room at {tmp_path / 'cache'}", f"room at {tmp_path / 'state'}"} <= names
    assert ({"namespaces", "bridge and veth", "overlayfs"} <= names) is (os.geteuid() == 0)


def test_looking_leaves_nothing_behind(tmp_path: Path):
    links = sorted(os.listdir("/sys/class/net"))  # noqa: PTH208 - names are all that is compared

    examine("nspawn", cache=tmp_path / "cache", state=tmp_path / "state")

    assert list(tmp_path.iterdir()) == []
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    assert sorted(os.listdir("/sys/class/net")) == links  # noqa: PTH208


def test_for_an_ordinary_user_what_needs_root_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    checks = {check.name: check for check in examine("nspawn", cache=tmp_path, state=tmp_path)}

    assert not checks["root"].ok
    assert "overlayfs" not in checks


def test_a_folder_that_is_not_there_yet_stands_for_the_one_above(tmp_path: Path):
    assert host.nearest(tmp_path / "a" / "b") == tmp_path
    assert probes.free_bytes(tmp_path / "a" / "b") > 0


def test_alternatives_are_tried_in_order(tmp_path: Path):
    (tmp_path / "keyring.pgp").touch()

    assert probes.find((f"{tmp_path}/*.gpg", f"{tmp_path}/*.pgp")) == f"{tmp_path}/keyring.pgp"
    assert probes.find(("no-such-program", "sh")) is not None
    assert probes.find(("no-such-program",)) is None


def test_programs_in_sbin_are_found_without_it_on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert probes.find(("sh",)) is not None


@pytest.mark.parametrize(
    ("os_release", "expected"),
    [
        ("ID=debian\n", True),
        ('ID=ubuntu\nID_LIKE="debian"\n', True),
        ("ID=raspbian\nID_LIKE='debian'\n", True),
        ('ID="fedora"\n', False),
        ('ID=x\nNAME="debian"\n', False),
        ("", False),
    ],
)
def test_debian_like(monkeypatch: pytest.MonkeyPatch, os_release: str, expected: bool):
    monkeypatch.setattr(examination, "read", lambda _path: os_release)

    assert examination.is_debian_like() is expected
