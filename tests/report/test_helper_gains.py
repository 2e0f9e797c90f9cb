"""Runs with other helpers, compared."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.analysis.forged import change, power_loss
from tests.report.test_text import printed
from tuchanka.events import Event, RunStarted, from_json, to_json
from tuchanka.report.console import results
from tuchanka.report.helper_gains import helper_gains
from tuchanka.report.html import render_html
from tuchanka.report.markdown import render_markdown
from tuchanka.report.runs import Report, run_of
from tuchanka.report.write import summary
from tuchanka.stacks.pacemaker.journal_rules import RULES

HERE = Path("/nothing/here")
ALL = {"first_aid": True, "paf_order": True}


def with_helpers(helpers: dict[str, bool], **values: str) -> list[Event]:
    return change(power_loss(), RunStarted, lambda one: replace(one, helpers=helpers, **values))


def compared(one: list[Event], other: list[Event], *, compare: bool = True) -> Report:
    runs = tuple(run_of(events, HERE, RULES, name=name) for events, name in ((one, "ours"), (other, "stock")))
    return Report(HERE, runs, compare)


BOTH = (
    "Helpers on in ours, off in stock: paf_order; on in stock, off in ours: caught_up. "
    "The differences are what the one set of helpers gains over the other."
)
TOGETHER = (
    "Helpers on in ours, off in stock: first_aid, paf_order. The differences are what these helpers gain together."
)


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (
            {"first_aid": False, "paf_order": False},
            TOGETHER,
        ),
        (
            {"first_aid": False, "paf_order": True},
            "Helpers on in ours, off in stock: first_aid. The differences are what this helper gains.",
        ),
        (
            {**ALL, "caught_up": True},
            "Helpers on in stock, off in ours: caught_up. The differences are what this helper gains.",
        ),
        (
            {"first_aid": True, "caught_up": True},
            BOTH,
        ),
        ({}, "Not every history says which helpers were on: what stock has of them is not known."),
    ],
)
def test_what_the_helpers_gain(after: dict[str, bool], told: str) -> None:
    (one,) = helper_gains(compared(with_helpers(ALL), with_helpers(after)))
    assert str(one) == told


def test_the_same_helpers_are_no_difference() -> None:
    assert helper_gains(compared(with_helpers(ALL), with_helpers(ALL))) == ()
    assert helper_gains(compared(power_loss(), power_loss())) == ()
    assert helper_gains(compared(with_helpers(ALL), with_helpers({"first_aid": True}), compare=False)) == ()


def test_what_else_differs_is_said() -> None:
    (one,) = helper_gains(compared(with_helpers(ALL), with_helpers({"first_aid": True}, profile="steady")))
    assert str(one).endswith("what this helper gains, as far as it is not due to what else differs: timing profile.")


def test_every_report_says_it() -> None:
    report = compared(with_helpers(ALL), with_helpers({"first_aid": False, "paf_order": True}))
    told = "on in ours, off in stock: first"
    assert told in render_html(report)
    assert told in render_markdown(report)
    assert told in "".join(map(printed, results(report)))
    (one,) = summary(report)["helpers"]
    assert (one["later"], one["only_first"], one["only_later"]) == ("stock", ("first_aid",), ())
    assert [row["ratio"] for row in summary(report)["differences"]] == [1.0]


def test_a_history_from_before_has_no_helpers() -> None:
    (run,) = (event for event in with_helpers(ALL) if isinstance(event, RunStarted))
    assert from_json(to_json(run)) == run
    old = to_json(run).replace(',"helpers":{"first_aid":true,"paf_order":true}', "")
    assert "helpers" not in old
    assert from_json(old) == replace(run, helpers={})
