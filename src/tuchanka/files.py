"""A file that is put on a machine: what the renderers make and the machines take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """Text, mode, and owner and group by their names on the machine."""

    content: str
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
