"""Reads corosync.conf as corosync does: a section begins with a line ``name {`` and ends with a line ``}``."""

from dataclasses import dataclass, field


@dataclass
class Section:
    values: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list["Section"]] = field(default_factory=dict)

    def __getitem__(self, key: str) -> str:
        return self.values[key]


def parse(text: str) -> dict[str, list[Section]]:
    """Return the top sections by name; whatever corosync would not understand is an error here."""
    stack = [Section()]
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.endswith("{"):
            section = Section()
            stack[-1].lists.setdefault(line[:-1].strip(), []).append(section)
            stack.append(section)
        elif line == "}":
            stack.pop()
        else:
            key, colon, value = line.partition(": ")
            assert colon
            assert key not in stack[-1].values
            stack[-1].values[key] = value
    assert len(stack) == 1
    return stack[0].lists
