"""The machines for services as people read them on a terminal. Pure."""

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from tuchanka.lab.service_health import MachineHealth


def service_table(machines: Sequence[MachineHealth]) -> Group:
    """Return a row for each machine: where it is, what runs there, and whether that is well or why not."""
    columns = ("machine", "site", "address", "runs", "power", "services")
    table = Table(*columns, box=None, padding=(0, 1), header_style="dim")
    for one in machines:
        # Each line begins with the machine's name, which stands in the row already.
        wrong = "\n".join(line.removeprefix(f"{one.name}: ") for line in one.problems)
        table.add_row(
            one.name,
            one.site,
            one.address,
            ", ".join(one.runs) or "-",
            Text(one.power, "" if one.power == "on" else "red"),
            Text(wrong, "red") if wrong else Text("ok" if one.runs else "-"),
        )
    return Group(Text("services", "bold"), table, Text())
