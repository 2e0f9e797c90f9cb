"""The page of the helpers and the helpers."""

import re
from dataclasses import fields
from pathlib import Path

from tuchanka.topology.types import Helpers

PAGE = (Path(__file__).parents[2] / "docs" / "helpers.md").read_text(encoding="utf-8")


def test_every_helper_has_its_row_its_part_and_a_way_upstream():
    names = [field.name for field in fields(Helpers)]
    before, upstream = PAGE.split("## Upstream")
    assert re.findall(r"^\| `(\w+)` \|", before, re.MULTILINE) == names
    assert re.findall(r"^## `(\w+)`$", before, re.MULTILINE) == names
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| ([^|]*) \|", upstream, re.MULTILINE)))) == set(names)
