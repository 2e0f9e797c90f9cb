"""Reports are made of a history and a topology: no stack, provider or campaign is needed to read one."""

import re
from pathlib import Path

import pytest

ROOM = Path(__file__).parents[2] / "src" / "tuchanka" / "report"
ALLOWED = {"analysis", "diagram", "errors", "events", "history", "report", "svg", "topology", "writing"}


@pytest.mark.parametrize("file", sorted(ROOM.rglob("*.py")), ids=lambda file: str(file.relative_to(ROOM)))
def test_what_a_report_is_made_of(file: Path) -> None:
    imported = re.findall(r"^\s*(?:from|import) tuchanka\.(\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(imported) <= ALLOWED


def test_the_drawing_of_a_planned_cluster_knows_no_stack() -> None:
    for name in ("draw", "layout", "model", "places", "plan", "text", "wires"):
        text = (ROOM.parent / "diagram" / f"{name}.py").read_text(encoding="utf-8")
        assert "tuchanka.stacks" not in text
