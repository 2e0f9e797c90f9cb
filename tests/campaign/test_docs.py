import re
from pathlib import Path

from tuchanka.analysis.checks.catalogue import EXAMINERS
from tuchanka.analysis.outages import HANGING_S
from tuchanka.analysis.phases import PART_OF, POINTS
from tuchanka.analysis.vips import MOVE_S
from tuchanka.events.facts import FEW_FILES
from tuchanka.stacks.pacemaker.audit import ARCHIVED_S, SETTLE_S, YOUNG_S

PAGE = (Path(__file__).parents[2] / "docs" / "measuring.md").read_text(encoding="utf-8")


def rows(section: str) -> list[list[str]]:
    text = PAGE.split(f"### {section}\n")[1].split("\n## ")[0].split("\n### ")[0]
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")][2:]


def test_every_check_is_in_the_documentation_with_its_promise() -> None:
    assert rows("Promises and checks") == [[one.name, one.promise] for one in EXAMINERS]


def test_every_point_is_in_the_documentation_with_its_phase() -> None:
    assert [row[:2] for row in rows("Points")] == [[point, PART_OF.get(point, "after all")] for point in POINTS]


def test_the_seconds_that_the_page_names() -> None:
    text = re.sub(r"\s+", " ", PAGE)
    assert f"has {SETTLE_S:g} s to settle; an archive has {ARCHIVED_S:g} s until fewer than {FEW_FILES} files" in text
    assert f"up to {YOUNG_S:g} s before the audit" in text
    assert f"Above {MOVE_S:g} s" in text
    assert HANGING_S == 0.5
