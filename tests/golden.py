"""Golden files: plain files that hold what is expected. ``UPDATE_GOLDEN=1`` writes them anew:

    UPDATE_GOLDEN=1 .venv/bin/pytest -q tests/render tests/report tests/diagram tests/faults

Trees of files are held with each distinct content once: it stands at the first path that has it, and beside the trees
``NAME.map`` says for every path where its content is ("path -> where", sorted by path).
"""

import os
from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path

import pytest

Trees = Mapping[str, Mapping[str, str]]
# What differs in every file of a tree is told often enough by the first few.
TOLD = 5


def updating() -> bool:
    return os.environ.get("UPDATE_GOLDEN") == "1"


def check_golden(path: Path, text: str) -> None:
    """Compare ``text`` with the golden file."""
    if updating():
        write(path, text)
    if told := difference(path, text):
        pytest.fail(f"UPDATE_GOLDEN=1 takes what is there now\n{told}", pytrace=False)


def check_golden_trees(folder: Path, trees: Trees) -> None:
    """Compare whole trees, given as name → relative path → text, with a folder: no file more, no file less."""
    contents, maps = parted(trees)
    expected = contents | {f"{name}.map": text for name, text in maps.items()}
    if updating():
        for old in files(folder) - set(expected):
            (folder / old).unlink()
        for name, text in expected.items():
            write(folder / name, text)
    wrong = [told for name, text in sorted(expected.items()) if (told := difference(folder / name, text))]
    wrong += [f"{name} is of no tree\n" for name in sorted(files(folder) - set(expected))]
    if wrong:
        more = f"\n… and {len(wrong) - TOLD} more" if len(wrong) > TOLD else ""
        pytest.fail(f"UPDATE_GOLDEN=1 takes what is there now\n{''.join(wrong[:TOLD])}{more}", pytrace=False)


def parted(trees: Trees) -> tuple[dict[str, str], dict[str, str]]:
    """Return each distinct content by the first path that has it, and of each tree the map."""
    first: dict[str, str] = {}
    maps = {}
    for name, tree in trees.items():
        where = {path: first.setdefault(text, f"{name}/{path}") for path, text in sorted(tree.items())}
        maps[name] = "".join(f"{path} -> {content}\n" for path, content in where.items())
    return {path: text for text, path in first.items()}, maps


def difference(path: Path, text: str) -> str:
    """Return how ``text`` differs from the golden file; empty where it doesn't."""
    if not path.exists():
        return f"{path} is missing\n"
    golden = path.read_text(encoding="utf-8")
    if golden == text:
        return ""
    lines = unified_diff(
        golden.splitlines(keepends=True), text.splitlines(keepends=True), f"{path} (golden)", f"{path.name} (now)"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
