"""The lists of programs and files a host needs, shared with ``scripts/``: one for all labs, one of each provider."""

from dataclasses import dataclass
from importlib.resources import files

from tuchanka.providers import registry

WHEN = ("run", "test", *registry.KINDS)
"""For every lab, for the project's own tests only, or for labs of one provider."""
LISTS = ("tuchanka.doctor", *(f"tuchanka.providers.{name}" for name in registry.KINDS))
"""The packages that have a ``packages.txt``."""


@dataclass(frozen=True)
class Requirement:
    """One line of ``packages.txt``.

    ``choices`` are alternatives, any of which will do: names of programs, or absolute paths that may hold ``*``.
    """

    when: str
    package: str
    choices: tuple[str, ...]
    needed_for: str

    @property
    def name(self) -> str:
        """How people call it: the program, or the package that a file comes from."""
        return self.package if self.choices[0].startswith("/") else self.choices[0]

    @property
    def is_python(self) -> bool:
        """Whether it asks for a Python, which is there where this module runs."""
        return self.choices[0].startswith("python:")


def parse(text: str) -> tuple[Requirement, ...]:
    """Read the text of a ``packages.txt``.

    Raises:
        ValueError: a line hasn't got four columns, or its first one is unknown.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = line.split(maxsplit=3)
        if len(columns) != 4 or columns[0] not in WHEN:
            raise ValueError(f"packages.txt, line {number}: expected when, package, what, what for")
        when, package, what, needed_for = columns
        found.append(Requirement(when, package, tuple(what.split("|")), needed_for.strip()))
    return tuple(found)


def requirements(*when: str) -> tuple[Requirement, ...]:
    """What is needed at any of these times (see ``WHEN``), in the lists' order; without Python itself."""
    texts = (files(package).joinpath("packages.txt").read_text(encoding="utf-8") for package in LISTS)
    return tuple(item for text in texts for item in parse(text) if item.when in when and not item.is_python)
