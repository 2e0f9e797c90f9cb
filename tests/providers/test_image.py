import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tuchanka.errors import HostError, ImageError
from tuchanka.providers.image import build as image
from tuchanka.providers.image.recipe import Recipe

RECIPE = Recipe(suite="s", packages=("p",), before=(), after=())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / RECIPE.name
    (folder / "root" / "etc").mkdir(parents=True)
    (folder / "root" / "etc" / "hosts").write_text("127.0.0.1 localhost\n")
    (folder / "root" / "bin").symlink_to("usr/bin")
    manifest = {"recipe": RECIPE.name, "fingerprint": image.fingerprint(folder / "root")}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_an_image_that_is_as_it_was_built_is_used(folder: Path):
    notes: list[str] = []
    assert asyncio.run(image.ensure(RECIPE, notes.append, folder.parent)) == folder / "root"
    assert notes == ["checking the cached image"]
    assert image.root_of(RECIPE, folder.parent) == folder / "root"


@pytest.mark.parametrize(
    "harm",
    [
        lambda root: (root / "etc" / "hosts").unlink(),
        lambda root: (root / "etc" / "hosts").write_text("short\n"),
        lambda root: (root / "etc" / "hosts").chmod(0o600),
        lambda root: (root / "etc" / "added").touch(),
        lambda root: (root / "bin").unlink(),
        lambda root: (root / "etc").rename(root / "etc2"),
        lambda root: root.rename(root.with_name("elsewhere")),
    ],
    ids=[
        "a file gone",
        "another size",
        "another mode",
        "a file added",
        "a link gone",
        "a folder renamed",
        "all gone",
    ],
)
def test_a_broken_image_is_found_and_the_hint_says_how_to_correct_it(folder: Path, harm: Callable[[Path], object]):
    harm(folder / "root")
    with pytest.raises(ImageError, match=r"is broken.*rm -r") as caught:
        asyncio.run(image.ensure(RECIPE, lambda _: None, folder.parent))
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null"])
def test_a_manifest_that_can_not_be_read_is_a_broken_image(folder: Path, text: str):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ImageError, match="no readable manifest"):
        image.check(folder)


def test_an_image_without_room_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(image, "ROOM_BYTES", 1 << 62)
    with pytest.raises(HostError, match=r"the image needs .* GiB"):
        asyncio.run(image.ensure(RECIPE, lambda _: None, tmp_path))
    assert not (tmp_path / RECIPE.name).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="the build has mounts of its own, which need root")
def test_a_failed_build_leaves_no_image_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    script = "echo 'I: running debootstrap'; echo 'E: no mirror'; echo 'I: cleaning up'; exit 25"
    monkeypatch.setattr(image, "mmdebstrap_command", lambda recipe, target: ["sh", "-c", script])
    monkeypatch.setattr(image, "ROOM_BYTES", 0)
    notes: list[str] = []
    with pytest.raises(ImageError, match="ended with status 25: E: no mirror; can the host reach a Debian mirror"):
        asyncio.run(image.ensure(RECIPE, notes.append, tmp_path))
    assert notes == ["running debootstrap", "cleaning up"]
    assert not (tmp_path / RECIPE.name).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="the build has mounts of its own, which need root")
def test_a_half_built_image_is_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / f"{RECIPE.name}.building" / "root").mkdir(parents=True)
    (tmp_path / RECIPE.name / "root").mkdir(parents=True)
    monkeypatch.setattr(
        image, "mmdebstrap_command", lambda recipe, target: ["sh", "-c", 'mkdir "$1"; touch "$1/f"', "sh", target]
    )
    monkeypatch.setattr(image, "ROOM_BYTES", 0)
    root = asyncio.run(image.ensure(RECIPE, lambda _: None, tmp_path))
    assert [path.name for path in root.iterdir()] == ["f"]
    image.check(root.parent)
    assert not (tmp_path / f"{RECIPE.name}.building").exists()
