"""Writes the report's files next to ``history.jsonl``, each whole or not at all."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from tuchanka.campaign.checker import Verdict, judge
from tuchanka.campaign.summary import summarise
from tuchanka.errors import HostError
from tuchanka.events import Event, RunStarted
from tuchanka.report.html import render_html
from tuchanka.report.junit import render_junit


def write_reports(out: Path, events: Iterable[Event]) -> tuple[Verdict, ...]:
    """Write ``summary.json``, ``report.html`` and ``junit.xml`` into the folder ``out``; return the verdicts.

    Raises:
        HostError: a file can't be written.
    """
    every = tuple(events)
    verdicts = judge(every)
    lab = next((one.lab for one in every if isinstance(one, RunStarted)), "tuchanka")
    summary = json.dumps(summarise(verdicts), indent=2)
    _write(out / "summary.json", f"{summary}\n")
    _write(out / "report.html", render_html(every))
    _write(out / "junit.xml", render_junit(verdicts, suite=lab))
    return verdicts


def _write(path: Path, text: str) -> None:
    """Write beside the file, then rename: whoever reads it sees the old one or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise HostError(
            f"can't write: {error.strerror}", where=str(path), hint="is there room, and may you write there?"
        ) from error
