"""The checks for people (a table) and for programs (JSON)."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from tuchanka.providers.host import HostCheck


def as_table(checks: Sequence[HostCheck]) -> Table:
    """One row per check; what is missing says what needs it and what to do."""
    table = Table(box=None, pad_edge=False)
    for title in ("", "what", "found", "remedy"):
        table.add_column(title, overflow="fold")
    for check in checks:
        mark = Text("ok", style="green") if check.ok else Text("lacks", style="bold red")
        found = check.found if check.ok else f"{check.found}; needed for {check.needed_for}"
        table.add_row(mark, *map(Text, (check.name, found, check.remedy)))
    return table


def as_json(checks: Sequence[HostCheck]) -> list[dict[str, Any]]:
    """A list of ``{"name", "ok", "found", "needed_for", "remedy", "package"}``: all strings, ``ok`` a boolean."""
    return [asdict(check) for check in checks]
