"""Who fenced whom, how and how long it took, in the report: as sentences, and by the kinds of trials."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from tests.analysis.forged import INJECTED, NEW, OLD, power_loss, renumber
from tests.golden import check_golden
from tuchanka.analysis.verdict import judge
from tuchanka.events import Event, Journal
from tuchanka.events.fencings import SELF, Fencing
from tuchanka.report.console import phases_table
from tuchanka.report.fencings import fencing_line, fencing_rows
from tuchanka.report.figures import NONE
from tuchanka.report.groups import groups_of
from tuchanka.report.html import render_html
from tuchanka.report.junit import render_junit
from tuchanka.report.markdown import render_markdown
from tuchanka.report.runs import Report, run_of
from tuchanka.report.summary import summarise
from tuchanka.stacks.pacemaker.journal_rules import RULES

HERE = Path("/nothing/here")
GOLDEN = Path(__file__).parent / "golden"
FENCER = "pacemaker-fenced"
ASKED = (2.55, FENCER, f"notice: Requesting peer fencing (reboot) targeting {OLD}")
TOLD = (3.2, "fence_ipmilan_at_once", f"fencing: {OLD} is off: its device said so after 0.60 s")
RETURNED = (3.25, FENCER, f"notice: Operation 'reboot' [1306] targeting {OLD} using fence-{OLD} returned 0")
DONE = (
    3.3,
    FENCER,
    f"notice: Operation 'reboot' targeting {OLD} by {NEW} for pacemaker-controld.812@{NEW}: OK (Done)",
)
WAITED = (2.6, FENCER, f"notice: Waiting 5s for {OLD} to self-fence (reboot) for client pacemaker-controld.812")
ASSUMED = (7.6, FENCER, f"notice: Self-fencing (reboot) by {OLD} for pacemaker-controld.812 assumed complete")
FAILED = (7.4, FENCER, f"error: Operation 'reboot' targeting {OLD} by unknown node for x.7@{NEW}: Error (No device)")
DEVICE = Fencing(OLD, NEW, f"fence-{OLD}", 2.55, 3.3, well=True)


def trial(number: int, *lines: tuple[float, str, str]) -> list[Event]:
    """One power loss in which these lines alone tell of the fencing."""
    events = [one for one in power_loss() if not (isinstance(one, Journal) and one.unit == FENCER)]
    told = [Journal(INJECTED + after, NEW, unit, message) for after, unit, message in lines]
    return renumber(sorted([*events, *told], key=lambda one: one.t), number, number * 100.0)


EVENTS = [
    *trial(1, ASKED, TOLD, RETURNED, DONE),
    *trial(2, ASKED, WAITED, ASSUMED),
    *trial(3, ASKED, FAILED),
    *trial(4, ASKED),
]
REPORT = Report(HERE, (run_of(EVENTS, HERE, RULES),))


def test_a_trial_names_each_fencing_in_seconds_after_the_fault() -> None:
    device, watchdog, failed, never = (one.fencing for one in judge(EVENTS, RULES))
    ((by_device,), (by_watchdog,), (by_nobody,), (goes_on,)) = device, watchdog, failed, never
    assert (by_device.how, by_device.by, by_device.client) == (f"fence-{OLD}", NEW, "pacemaker-controld")
    assert (by_device.requested, by_device.seconds) == (pytest.approx(2.55), pytest.approx(0.75))
    assert (by_watchdog.how, by_watchdog.well, by_watchdog.ended) == (SELF, True, pytest.approx(7.6))
    assert (by_nobody.by, by_nobody.well) == (NEW, False)
    assert (goes_on.ended, goes_on.well) == (None, False)


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (DEVICE, f"{OLD} fenced by {NEW} (device fence-{OLD}), 0.75 s after it was asked for"),
        (
            Fencing(OLD, NEW, SELF, 2.0, 7.01, well=True),
            f"{OLD} fenced by its own watchdog: taken for granted by {NEW} 5.0 s after it was asked for",
        ),
        (Fencing(OLD, NEW, "", 2.0, 4.0, well=True), f"{OLD} fenced by {NEW}, 2.0 s after it was asked for"),
        (
            Fencing(OLD, NEW, "", 2.0, 4.0, well=False),
            f"{NEW} could not fence {OLD}: given up 2.0 s after it was asked for",
        ),
        (
            Fencing(OLD, NEW, "", 2.0, None, well=False),
            f"{OLD} was to be fenced by {NEW}, asked for 2.0 s after the fault, and never was",
        ),
        (Fencing("a\x1b[31m", NEW, "", 2.0, 4.0, well=True), f"a�[31m fenced by {NEW}, 2.0 s after it was asked for"),
    ],
)
def test_one_fencing_as_a_sentence(one: Fencing, line: str) -> None:
    assert fencing_line(one) == line


def test_the_kinds_of_trials_have_a_row_for_each_way() -> None:
    rows = fencing_rows(groups_of(REPORT))
    assert [(one.how, one.count, one.failed, one.median, one.longest) for one in rows] == [
        ("its device", 1, 0, "0.75 s", "0.75 s"),
        (SELF, 1, 0, "5.1 s", "5.1 s"),
        ("unknown", 2, 2, NONE, NONE),
    ]


def test_the_console_says_it_below_the_phases() -> None:
    out = io.StringIO()
    Console(file=out, width=120, force_terminal=False).print(phases_table(judge(EVENTS, RULES)[0]))
    assert out.getvalue().splitlines()[-1].strip() == fencing_line(DEVICE)


def test_markdown_has_the_kinds() -> None:
    check_golden(GOLDEN / "fencings.md", render_markdown(REPORT))


def test_the_page_has_the_kinds_and_the_sentences() -> None:
    page = render_html(REPORT)
    assert page.count("How nodes were fenced") == 1
    assert f'<li class="kept">{fencing_line(DEVICE)}</li>' in page
    assert f'<li class="violated">{NEW} could not fence {OLD}' in page


def test_programs_get_each_fencing() -> None:
    (first,) = json.loads(json.dumps(summarise(judge(EVENTS, RULES))))["trials"][0]["fencing"]
    assert first == {
        "target": OLD,
        "by": NEW,
        "how": f"fence-{OLD}",
        "requested": 2.55,
        "ended": 3.3,
        "well": True,
        "words": f"{OLD} is off: its device said so after 0.60 s",
        "client": "pacemaker-controld",
        "seconds": 0.75,
    }
    assert f"{OLD} fenced by {NEW}" in render_junit(judge(EVENTS, RULES))


def test_a_history_without_such_lines_has_no_word_of_it() -> None:
    report = Report(HERE, (run_of(trial(1), HERE, RULES),))
    assert "How nodes were fenced" not in render_html(report) + render_markdown(report)
