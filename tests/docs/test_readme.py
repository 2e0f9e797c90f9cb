"""What the first page promises."""

import re
import shlex
import struct
from pathlib import Path

import pytest

from tests.docs.test_commands import parse

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    (?:sudo )?(tuchanka .*?)(?: +#.*| > .*)?$", README, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_are_understood(command: str):
    parse(shlex.split(command)[1:])


def test_the_scripts_are_there():
    for script in re.findall(r"scripts/[a-z]+", README):
        assert (ROOT / script).stat().st_mode & 0o111, script


def test_the_picture_is_one_and_not_too_large():
    picture = (ROOT / "docs" / "images" / "report.png").read_bytes()
    width, height = struct.unpack(">II", picture[16:24])
    assert picture.startswith(b"\x89PNG")
    assert (width, 1000 <= height <= 2000, len(picture) < 300_000) == (1200, True, True)
