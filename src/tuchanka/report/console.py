"""Tables for the terminal: the trials, and where the time of each went. Pure."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tuchanka.campaign.checker import Verdict
from tuchanka.report import phases, words

# Broken by hand, so that the table fits a terminal of ordinary width.
COLUMNS = (
    "writes\naway",
    "reads\naway",
    "acknow-\nledged",
    "lost",
    "indeter-\nminate",
    "two\nprimaries",
    "healthy\nagain",
)


def trials_table(verdicts: Sequence[Verdict]) -> RenderableType:
    """Return a row per trial, and below it the problems of those that failed."""
    table = Table(title="Trials", title_justify="left")
    for column in ("#", "fault", "instance", "result"):
        table.add_column(column)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for one in verdicts:
        table.add_row(
            str(one.trial),
            Text(words.title(one)),
            Text(words.clean(one.instance)),
            Text("recovered", "green") if one.recovered else Text("failed", "bold red"),
            words.seconds(one.reaction_s),
            words.seconds(one.read_reaction_s),
            words.count(one.acknowledged),
            Text(words.count(one.lost), "" if one.lost == 0 else "bold red"),
            words.count(one.indeterminate),
            "never" if one.dual_primary_s == 0 else Text(words.seconds(one.dual_primary_s), "bold red"),
            words.seconds(one.restored_s),
        )
    problems = [
        Text(f"trial {one.trial}: {words.clean(problem)}", "red") for one in verdicts for problem in one.problems
    ]
    return Group(table, *problems)


def phases_table(verdict: Verdict) -> RenderableType:
    """Return the phases of one trial, predicted and measured."""
    table = Table(title=Text(f"Trial {verdict.trial}: where the time went"), title_justify="left")
    table.add_column("phase")
    for column in ("predicted", "measured", "reached at"):
        table.add_column(column, justify="right")
    table.add_column("difference")
    for row in phases.rows(verdict):
        if row.number < 0:
            table.add_section()
        table.add_row(
            Text(row.name), row.predicted, row.measured, row.reached, Text(row.remark, "yellow" if row.off else "dim")
        )
    return table
