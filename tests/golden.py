"""Golden files: plain files that hold what is expected. ``UPDATE_GOLDEN=1`` writes them anew."""

import os
from pathlib import Path


def updating() -> bool:
    return os.environ.get("UPDATE_GOLDEN") == "1"


def check_golden(path: Path, text: str) -> None:
    """Compare ``text`` with the golden file."""
    if updating():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path} is missing; UPDATE_GOLDEN=1 writes it"
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs; UPDATE_GOLDEN=1 takes the new text"


def check_golden_tree(folder: Path, files: dict[str, str]) -> None:
    """Compare a whole tree, given as relative path → text, with a folder: no file more, no file less."""
    if updating():
        for old in sorted(_files(folder) - set(files)):
            (folder / old).unlink()
    for name, text in sorted(files.items()):
        check_golden(folder / name, text)
    assert _files(folder) == set(files), f"the files in {folder} differ; UPDATE_GOLDEN=1 takes the new ones"


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
