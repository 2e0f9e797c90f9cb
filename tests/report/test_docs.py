import re
from pathlib import Path

from tuchanka.analysis.phases import PHASES
from tuchanka.events import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "measuring.md").read_text(encoding="utf-8")


def test_every_kind_of_event_is_in_the_documentation() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \|", PAGE, flags=re.MULTILINE) == list(KINDS)


def test_every_phase_is_in_the_documentation() -> None:
    section = PAGE.split("### Phases")[1].split("## ")[0]
    assert re.findall(r"^\| ([A-Za-z ]+) \|", section, flags=re.MULTILINE)[1:] == list(PHASES)
