"""Writes the report's files next to ``history.jsonl``, each whole or not at all."""

import json
from collections.abc import Iterable
from pathlib import Path

from tuchanka.campaign.checker import Verdict, judge
from tuchanka.campaign.summary import summarise
from tuchanka.events import Event, RunStarted
from tuchanka.report.html import render_html
from tuchanka.report.junit import render_junit
from tuchanka.writing import write_atomically


def write_reports(out: Path, events: Iterable[Event]) -> tuple[Verdict, ...]:
    """Write ``summary.json``, ``report.html`` and ``junit.xml`` into the folder ``out``; return the verdicts.

    Raises:
        HostError: a file can't be written.
    """
    every = tuple(events)
    verdicts = judge(every)
    lab = next((one.lab for one in every if isinstance(one, RunStarted)), "tuchanka")
    summary = json.dumps(summarise(verdicts), indent=2)
    write_atomically(out / "summary.json", f"{summary}\n")
    write_atomically(out / "report.html", render_html(every))
    write_atomically(out / "junit.xml", render_junit(verdicts, suite=lab))
    return verdicts
