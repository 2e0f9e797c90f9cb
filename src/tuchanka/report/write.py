"""Writes the report's files, each whole or not at all."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tuchanka.events import Event, JournalRule
from tuchanka.report.compare import difference_json, differences
from tuchanka.report.groups import as_json, groups_of
from tuchanka.report.helper_gains import helper_gains
from tuchanka.report.html import render_html
from tuchanka.report.junit import render_junit
from tuchanka.report.markdown import render_markdown
from tuchanka.report.runs import Report, run_of
from tuchanka.report.summary import summarise
from tuchanka.writing import write_atomically


def write_reports(out: Path, events: Iterable[Event], rules: Sequence[JournalRule]) -> Report:
    """Write the files of one run into its folder ``out``, beside its history; return the report.

    ``rules`` say what the lines of its journals mean.

    Raises:
        HostError: a file can't be written.
    """
    report = Report(out, (run_of(events, out, rules),))
    write(report)
    return report


def write(report: Report) -> None:
    """Write ``summary.json``, ``summary.md``, ``report.html`` and ``junit.xml`` into the report's folder.

    Raises:
        HostError: a file can't be written.
    """
    suite = next((run.started.lab for run in report.runs if run.started), "tuchanka")
    told = summary(report)
    write_atomically(report.out / "summary.json", f"{json.dumps(told, indent=2)}\n")
    write_atomically(report.out / "summary.md", render_markdown(report))
    write_atomically(report.out / "report.html", render_html(report))
    write_atomically(report.out / "junit.xml", render_junit(report.verdicts, suite=suite))


def summary(report: Report) -> dict[str, Any]:
    """Return the summary, ready for JSON: the trials and totals, and what many trials show together."""
    told = summarise(report.verdicts)
    for values, trial in zip(told["trials"], report.trials, strict=True):
        if trial.run:
            values |= {"run": trial.run, "trial_of_run": trial.own}
    told["groups"] = [as_json(group) for group in groups_of(report)]
    if report.compare:
        told["helpers"] = [asdict(one) for one in helper_gains(report)]
        told["differences"] = [difference_json(one) for one in differences(report)]
    return told
