"""The rooms of the code, and who may use whom: ARCHITECTURE.md says it, and this holds the code to it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tuchanka"
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
# Room → the rooms that it may import, as the table says.
TABLE: dict[str, set[str]] = {
    row[1]: set(re.findall(r"`([a-z_/]+)`", row[2]))
    for row in re.finditer(r"^\| `([a-z_/]+)` \|[^|]+\|([^|]*)\|$", PAGE, re.MULTILINE)
}
MODULES = sorted(file for file in SOURCE.rglob("*.py") if file != SOURCE / "stacks" / "__init__.py")
BESIDE = sorted([*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").glob("*.py")])
MOST_LINES = 400
# Those that judge or show what was measured, or cause it, work on any stack.
WITHOUT_A_STACK = ("campaign", "analysis", "report", "heartbeat", "faults")
MAY_KNOW_THE_STACK = ("faults/processes", "faults/operations")


def room(parts: tuple[str, ...]) -> str:
    """The room of a module: its folder, or ``ground`` for the modules that stand beside the folders."""
    if parts[0] == "stacks":
        return "/".join(parts[:2])
    return parts[0] if (SOURCE / parts[0]).is_dir() else "ground"


def imported(file: Path) -> Iterator[tuple[str, ...]]:
    """The modules of ours that a file imports, as the parts of their names."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "tuchanka":
            parts = tuple(node.module.split(".")[1:])
            yield from [parts] if parts else [(alias.name,) for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from (
                tuple(alias.name.split(".")[1:]) for alias in node.names if alias.name.startswith("tuchanka.")
            )


@cache
def uses() -> dict[str, set[str]]:
    """Room → the other rooms that it imports."""
    found: dict[str, set[str]] = {}
    for file in MODULES:
        own = room(file.relative_to(SOURCE).with_suffix("").parts)
        found.setdefault(own, set()).update(room(parts) for parts in imported(file))
    return {own: others - {own} for own, others in found.items()}


def test_the_table_has_every_room_and_no_other():
    assert set(TABLE) == set(uses())


@pytest.mark.parametrize("own", sorted(uses()))
def test_a_room_imports_only_what_the_table_permits(own: str):
    assert uses()[own] - TABLE[own] == set()


def test_what_the_table_permits_has_no_cycle_and_is_used():
    assert list(TopologicalSorter(TABLE).static_order())
    unused = {(own, other) for own, others in TABLE.items() for other in others - uses()[own]}
    assert unused == set()


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_who_works_on_any_stack_imports_none(file: Path):
    name = str(file.relative_to(SOURCE))
    if name.startswith(WITHOUT_A_STACK) and not name.startswith(MAY_KNOW_THE_STACK):
        assert [parts for parts in imported(file) if parts[0] == "stacks"] == []


@pytest.mark.parametrize("file", [*MODULES, *BESIDE], ids=lambda file: str(file.relative_to(ROOT)))
def test_no_module_is_longer_than_a_subject_needs(file: Path):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
