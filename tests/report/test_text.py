import io
import json
from pathlib import Path

import pytest
from lxml import etree
from rich.console import Console, RenderableType

from tests.analysis.forged import change, power_loss, renumber, standby_fault
from tests.golden import check_golden
from tuchanka.analysis.verdict import judge
from tuchanka.errors import HostError
from tuchanka.events import CommitsCounted, TrialEnded
from tuchanka.report.console import phases_table, results, trials_table
from tuchanka.report.figures import NONE, count, seconds
from tuchanka.report.junit import render_junit
from tuchanka.report.markdown import render_markdown
from tuchanka.report.runs import Report, run_of
from tuchanka.report.write import write_reports
from tuchanka.stacks.pacemaker.journal_rules import RULES

GOLDEN = Path(__file__).parent / "golden"
EVENTS = [
    *power_loss(),
    *renumber(standby_fault(), 2, 100.0),
    *change(renumber(power_loss(), 3, 200.0), CommitsCounted, lambda _: None),
]


def printed(table: RenderableType) -> str:
    out = io.StringIO()
    Console(file=out, width=120, force_terminal=False, legacy_windows=False).print(table)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def test_trials_on_the_console() -> None:
    check_golden(GOLDEN / "trials.txt", printed(trials_table(judge(EVENTS, RULES))))


def test_phases_on_the_console() -> None:
    check_golden(GOLDEN / "phases.txt", printed(phases_table(judge(EVENTS, RULES)[0])))


def test_junit() -> None:
    check_golden(GOLDEN / "junit.xml", render_junit(judge(EVENTS, RULES), suite="forged"))


def test_junit_takes_any_text() -> None:
    events = change(power_loss(), TrialEnded, lambda one: TrialEnded(one.t, 1, "\x00<&\x1b]]>"))
    tree = etree.fromstring(render_junit(judge(events, RULES)).encode())
    assert len(tree.findall(".//failure")) == 1


def test_files(tmp_path: Path) -> None:
    verdicts = write_reports(tmp_path, iter(EVENTS), RULES).verdicts
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "junit.xml",
        "report.html",
        "summary.json",
        "summary.md",
    ]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert [trial["recovered"] for trial in summary["trials"]] == [one.recovered for one in verdicts]
    assert summary["totals"]["failed"] == 1
    write_reports(tmp_path, EVENTS, RULES)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"summary\.json: can't write"):
        write_reports(tmp_path / "gone", EVENTS, RULES)


def test_figures() -> None:
    assert [seconds(value) for value in (None, 0.0, 0.031, 8.44, 99.94, 100.4, -0.5)] == [
        NONE,
        "0.0 s",
        "0.03 s",
        "8.4 s",
        "99.9 s",
        "100 s",
        "-0.50 s",
    ]
    assert count(12345) == "12\u202f345"


def test_many_trials_on_the_console_are_shown_by_their_kind() -> None:
    events = [one for number in range(12) for one in renumber(power_loss(), number + 1, number * 100.0)]
    report = Report(Path(), (run_of(events, Path("/nothing/here"), RULES),))
    check_golden(GOLDEN / "groups.txt", "".join(map(printed, results(report))))


def test_markdown() -> None:
    check_golden(
        GOLDEN / "summary.md", render_markdown(Report(Path(), (run_of(EVENTS, Path("/nothing/here"), RULES),)))
    )


def test_markdown_takes_any_text() -> None:
    events = change(power_loss(), TrialEnded, lambda one: TrialEnded(one.t, 1, "a | b\n# <c> `d`"))
    page = render_markdown(Report(Path(), (run_of(events, Path("/nothing/here"), RULES),)))
    assert "a \\| b \\# \\<c\\> \\`d\\`" in page
