"""``report.html``: one page that needs nothing but itself. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jinja2
from markupsafe import Markup

from tuchanka.campaign.checker import Verdict, judge_trial
from tuchanka.campaign.slices import slice_trials
from tuchanka.campaign.summary import summarise, totals
from tuchanka.events import Clock, Event, RunStarted
from tuchanka.report import phases, words
from tuchanka.report.timeline import timeline

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("tuchanka.report"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STATIC = jinja2.Environment(loader=jinja2.PackageLoader("tuchanka.report", "static"), autoescape=False)  # noqa: S701 - our own style sheet, no values in it


@dataclass(frozen=True, slots=True)
class _Trial:
    """What the template shows of one trial."""

    verdict: Verdict
    title: str
    chart: Markup | None
    bars: Markup | None
    rows: list[phases.Row]
    figures: list[words.Figure]


def render_html(events: Iterable[Event]) -> str:
    """Return the report of a history as a page. It holds no script, loads nothing, and shows no secret."""
    every = tuple(events)
    slices = slice_trials(every)
    verdicts = [judge_trial(one) for one in slices]
    trials = [
        _Trial(
            verdict=verdict,
            title=words.title(verdict),
            chart=timeline(one, verdict),
            bars=phases.bars(verdict),
            rows=phases.rows(verdict),
            figures=words.figures(verdict),
        )
        for one, verdict in zip(slices, verdicts, strict=True)
    ]
    return _ENVIRONMENT.get_template("report.html.j2").render(
        run=next((one for one in every if isinstance(one, RunStarted)), None),
        began=_wall_clock(every),
        headline=headline(verdicts),
        cards=words.cards(verdicts, totals(verdicts)) if verdicts else [],
        trials=trials,
        words=words,
        clean=words.clean,
        style=Markup(_STATIC.get_template("report.css").render()),  # noqa: S704 - our own style sheet
        summary=_clean_all(summarise(verdicts)),
    )


def headline(verdicts: Sequence[Verdict]) -> str:
    """Return the outcome in one sentence."""
    if not verdicts:
        return "No trial was recorded"
    failed = sum(1 for one in verdicts if not one.recovered)
    if len(verdicts) > 1:
        return f"{len(verdicts)} trials, {'each recovered' if not failed else f'{failed} not recovered'}"
    verdict = verdicts[0]
    if verdict.reaction_s is not None:
        outcome = f"{verdict.instance} took writes again {words.seconds(verdict.reaction_s)} after"
    elif verdict.outages:
        outcome = f"{verdict.instance} took no more writes after"
    else:
        outcome = f"{verdict.instance} kept taking writes through"
    return words.clean(f"{outcome} the {verdict.fault} of {verdict.target}, its {verdict.target_role}")


def _wall_clock(events: tuple[Event, ...]) -> str:
    clock = next((one for one in events if isinstance(one, Clock)), None)
    if clock is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(clock.wall, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""


def _clean_all(value: Any) -> Any:
    if isinstance(value, str):
        return words.clean(value)
    if isinstance(value, dict):
        return {key: _clean_all(one) for key, one in value.items()}
    return [_clean_all(one) for one in value] if isinstance(value, list) else value
