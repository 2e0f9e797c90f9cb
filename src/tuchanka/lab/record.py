"""How far every machine of a lab has come: the stages that it has behind it, in a file of the lab's folder.

It is written after what it says has been done, and before anything is taken back. So a command that is killed in
between leaves a record that says too little, and the stage is done again.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tuchanka.errors import LabError
from tuchanka.writing import write_atomically

STAGES = ("create", "install", "setup")

Record = dict[str, tuple[str, ...]]
"""Machine → the stages that it has behind it, in order."""


def read(file: Path) -> Record | None:
    """Return the record; ``None`` where there is none.

    Raises:
        LabError: it can't be read.
    """
    try:
        kept = json.loads(file.read_text())
        return {machine: tuple(stage for stage in STAGES if stage in stages) for machine, stages in kept.items()}
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, AttributeError) as error:
        raise LabError(
            "the record of stages can't be read", where=str(file), hint="remove it to have it made from the snapshots"
        ) from error


def write(file: Path, record: Mapping[str, Sequence[str]]) -> None:
    """Replace the record, in one step."""
    write_atomically(file, json.dumps(record))
