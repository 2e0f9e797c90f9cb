"""Shell scripts that show several things of a machine at once, and how what they wrote is read. Pure."""

import re
from collections.abc import Mapping


def side_by_side(sections: Mapping[str, str]) -> str:
    """Return a shell script that runs a command for each section, and shows each under a line of ``@@`` and its name.

    They run side by side, each with its own deadline: a daemon that hangs hides its own section and no other.
    """
    started = [
        f'{{ echo "@@{name}"; {command}\necho; }} > "$seen/{number}" 2>/dev/null &'
        for number, (name, command) in enumerate(sections.items())
    ]
    return "\n".join(("seen=$(mktemp -d) || exit 0", *started, "wait", 'cat "$seen"/*', 'rm -r "$seen"'))


def read_sections(text: str) -> dict[str, str]:
    """Return section → text of what the script wrote."""
    sections: dict[str, str] = {}
    for part in re.split(r"^@@", text, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        sections[heading] = body.strip()
    return sections
