"""Tables for the terminal: the trials, and where the time of each went. Pure."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tuchanka.analysis.verdict import Verdict
from tuchanka.report.charts import phases
from tuchanka.report.compare import differences
from tuchanka.report.fencings import fencing_line
from tuchanka.report.figures import NONE, away, count, interval, ratio, reaction, seconds, signed
from tuchanka.report.groups import groups_of
from tuchanka.report.headings import title
from tuchanka.report.helper_gains import helper_gains
from tuchanka.report.runs import Report
from tuchanka.report.text import clean

# Broken by hand, so that the table fits a terminal of ordinary width.
COLUMNS = (
    "writes\naway",
    "reads\naway",
    "acknow-\nledged",
    "lost",
    "warned",
    "indeter-\nminate",
    "two\nprimaries",
    "healthy\nagain",
)


# More trials than this are shown by their kind: nobody reads a hundred rows.
FEW = 10


def results(report: Report) -> list[RenderableType]:
    """Return what is printed of a report: every trial of few, the kinds of many; and the differences."""
    few = len(report.verdicts) <= FEW and not report.compare
    found = [trials_table(report.verdicts) if few else groups_table(report)]
    return [*found, differences_table(report)] if report.compare else found


def trials_table(verdicts: Sequence[Verdict]) -> RenderableType:
    """Return a row per trial, and below it the problems of those that failed."""
    table = Table(title="Trials", title_justify="left")
    for column in ("#", "fault", "instance", "result"):
        table.add_column(column)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for one in verdicts:
        table.add_row(
            str(one.subject.trial),
            Text(title(one)),
            Text(clean(one.subject.instance)),
            Text("recovered", "green") if one.recovered else Text("failed", "bold red"),
            seconds(one.service.reaction_s),
            seconds(one.service.read_reaction_s),
            count(one.commits.acknowledged),
            Text(count(one.commits.lost), "" if one.commits.lost == 0 else "bold red"),
            Text(count(one.commits.warned), "" if one.commits.warned == 0 else "bold red"),
            count(one.commits.indeterminate),
            "never" if one.safety.dual_primary_s == 0 else Text(seconds(one.safety.dual_primary_s), "bold red"),
            seconds(one.restoration.restored_s),
        )
    problems = [
        Text(f"trial {one.subject.trial}: {clean(problem)}", "red") for one in verdicts for problem in one.problems
    ]
    return Group(table, *problems)


def groups_table(report: Report) -> RenderableType:
    """Return a row per kind of trial, and below it the trials that failed."""
    table = Table(title=f"{len(report.verdicts)} trials", title_justify="left")
    for column in ("cluster", "fault", "target"):
        table.add_column(column)
    for column in (
        "trials",
        "writes away\nmedian",
        "95 % interval",
        "worst",
        "predicted",
        "reads away\nmedian",
        "lost",
    ):
        table.add_column(column, justify="right")
    table.add_column("failed", justify="right")
    for one in groups_of(report):
        found = one.write_spread
        table.add_row(
            Text(clean(one.key.cluster)),
            Text(clean(one.key.fault)),
            Text(clean(one.key.role + (f", {one.key.run}" if one.key.run else ""))),
            str(len(one.trials)),
            away(found),
            interval(found),
            NONE if found is None else reaction(found.worst),
            seconds(one.predicted_s),
            away(one.read_spread),
            Text(count(one.lost), "" if one.lost == 0 else "bold red"),
            Text(str(one.failed), "bold red" if one.failed else "green"),
        )
    failed = [one for one in report.verdicts if not one.recovered]
    told = [Text(f"trial {one.subject.trial}, {title(one)}: {clean(one.problem)}", "red") for one in failed]
    return Group(table, *told)


def differences_table(report: Report) -> RenderableType:
    """Return how the later runs differ from the first."""
    table = Table(title=Text(f"compared with {clean(report.runs[0].name)}"), title_justify="left")
    for column in ("run", "cluster", "fault", "target"):
        table.add_column(column)
    for column in ("before", "after", "difference", "ratio"):
        table.add_column(column, justify="right")
    table.add_column("what it shows")
    for one in differences(report):
        table.add_row(
            *(Text(clean(name)) for name in (one.key.run, one.key.cluster, one.key.fault, one.key.role)),
            away(one.before_spread),
            away(one.after_spread),
            NONE if one.change is None else signed(one.change),
            ratio(one.ratio),
            Text(clean(one.meaning), {"good": "green", "bad": "red"}.get(one.tone, "dim")),
        )
    return Group(*(Text(clean(str(one))) for one in helper_gains(report)), table)


def phases_table(verdict: Verdict) -> RenderableType:
    """Return the phases of one trial, predicted and measured, and below them who was fenced, and how."""
    table = Table(title=Text(f"Trial {verdict.subject.trial}: where the time went"), title_justify="left")
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
    fenced = [Text(f"  {fencing_line(one)}", "" if one.well else "red") for one in verdict.fencing]
    return Group(table, *fenced) if fenced else table
