"""The words of the field, in what users read and in the code: no poetry, and one word for one thing."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READ = ("src", "docs", "examples", "scripts", "benchmarks")
PROSE = sorted(
    file
    for place in (*READ, "README.md", "CHANGELOG.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
    for file in ([ROOT / place] if (ROOT / place).is_file() else (ROOT / place).rglob("*"))
    if file.is_file() and file.suffix in {"", ".py", ".md", ".toml", ".j2", ".sh", ".pl", ".html", ".css", ".js"}
    if "__pycache__" not in file.parts
)
# What was recorded, and what is rendered, isn't written here.
TESTS = sorted(
    file
    for file in (ROOT / "tests").rglob("*.py")
    if file != Path(__file__) and not {"recorded", "golden"}.intersection(file.parts)
)
# What isn't written → what is.
INSTEAD = {
    r"for[ _]ever": "without end, or what ends it",
    r"whoever": "who or what it is",
    r"merc(y|iful)": "nothing",
    r"(stands?|stood|standing)[ _]still": "is frozen, is paused",
    r"at[ _]leisure": "nothing",
    r"mend(s|ed|ing)?": "repair, restore, correct",
    r"goodbye": "without an orderly stop",
}


@pytest.mark.parametrize("file", PROSE + TESTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_only_words_that_a_dba_would_use(file: Path):
    text = file.read_text(encoding="utf-8")
    found = [
        f"line {text[: match.start()].count(chr(10)) + 1}: {match[0]!r}; write {instead}"
        for word, instead in INSTEAD.items()
        for match in re.finditer(rf"(?<![a-z]){word}(?![a-z])", text, re.IGNORECASE)
    ]
    assert found == []
