"""``report.html``: one page that needs nothing but itself. Pure, but for the names of the evidence's files."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from tuchanka.analysis.verdict import Verdict
from tuchanka.diagram.draw import svg
from tuchanka.diagram.plan import planned
from tuchanka.report import figures, promises
from tuchanka.report.charts import phases
from tuchanka.report.charts.distributions import distribution_chart
from tuchanka.report.charts.timeline import definitions, overview, timeline
from tuchanka.report.compare import Difference, differences
from tuchanka.report.details import details
from tuchanka.report.fencings import fencing_line, fencing_rows
from tuchanka.report.figures import Figure, seconds
from tuchanka.report.groups import Group, figures_elsewhere, groups_of
from tuchanka.report.headings import again, title
from tuchanka.report.helper_gains import helper_gains
from tuchanka.report.key_figures import key_figures
from tuchanka.report.other_systems import OtherFigure
from tuchanka.report.reasons import why_no_reaction
from tuchanka.report.runs import Report, ReportedTrial
from tuchanka.report.summary import totals
from tuchanka.report.text import clean

# So few trials are read one after the other: they lie open.
OPEN = 5
# On a page with more trials than this, for its size, those that recovered have only the chart around the fault.
SHORT = 150

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("tuchanka.report"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STATIC = jinja2.Environment(loader=jinja2.PackageLoader("tuchanka.report", "static"), autoescape=False)  # noqa: S701 - our own style sheet, no values in it


@dataclass(frozen=True, slots=True)
class _Cluster:
    """What the template shows of one cluster."""

    name: str
    groups: list[Group]
    distributions: Markup | None
    anatomy: Markup | None
    offs: list[phases.Off]
    points: tuple[list[str], list[tuple[Group, list[str]]]]
    picture: Markup | None


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the template shows of one trial."""

    verdict: Verdict
    title: str
    source: str
    chart: Markup | None
    overview: Markup | None
    bars: Markup | None
    rows: list[phases.Row]
    points: list[tuple[str, str]]
    fenced: list[tuple[bool, str]]
    figures: list[Figure]
    evidence: list[tuple[str, str]]


def render_html(report: Report) -> str:
    """Return the report as a page. It holds no script, loads nothing, and shows no secret."""
    groups = groups_of(report)
    verdicts = report.verdicts
    clusters = [_cluster(report, name, list(own)) for name, own in groupby(groups, key=lambda one: one.key.cluster)]
    return _ENVIRONMENT.get_template("report.html.j2").render(
        report=report,
        headline=headline(report),
        key_figures=[] if report.compare or not verdicts else key_figures(verdicts, totals(verdicts)),
        groups=groups,
        glance=[_glance(role, [one for one in groups if one.key.role == role]) for role in _roles(groups)],
        clusters=clusters,
        differences=_by_run(report),
        helper_gains=helper_gains(report),
        failed=[one for one in verdicts if not one.recovered],
        promises=promises.tally(verdicts),
        fenced=fencing_rows(groups),
        phase_names=phases.group_names(groups),
        shown=lambda one: _shown(report, one),
        open=len(verdicts) <= OPEN,
        beside=[(one, others) for one in groups if any(others := figures_elsewhere(report, one))],
        definitions=definitions(),
        figures=figures,
        why_no_reaction=why_no_reaction,
        title=title,
        again=again,
        clean=clean,
        style=Markup(_STATIC.get_template("report.css").render()),  # noqa: S704 - our own style sheet
    )


def headline(report: Report) -> str:
    """Return the outcome in one sentence."""
    verdicts = report.verdicts
    if not verdicts:
        return "No trial was recorded"
    failed = sum(1 for one in verdicts if not one.recovered)
    if report.compare:
        names = " and ".join(run.name for run in report.runs)
        return clean(f"{names}: {len(verdicts)} trials compared")
    if len(verdicts) > 1:
        return f"{len(verdicts)} trials, {'each recovered' if not failed else f'{failed} not recovered'}"
    verdict = verdicts[0]
    if verdict.service.reaction_s is not None:
        outcome = f"{verdict.subject.instance} took writes again {seconds(verdict.service.reaction_s)} after"
    elif verdict.service.outages:
        outcome = f"{verdict.subject.instance} took no more writes after"
    else:
        outcome = f"{verdict.subject.instance} kept taking writes through"
    return clean(
        f"{outcome} the {verdict.subject.fault} of {verdict.subject.target}, its {verdict.subject.target_role}"
    )


def _cluster(report: Report, name: str, groups: list[Group]) -> _Cluster:
    return _Cluster(
        name=clean(name),
        groups=groups,
        distributions=distribution_chart(groups, {one.key: _named_figures(report, one) for one in groups}),
        anatomy=phases.median_bars(groups),
        offs=phases.offs(groups),
        points=phases.median_points(groups),
        picture=_picture(report, name),
    )


def _roles(groups: tuple[Group, ...]) -> list[str]:
    """Return the roles of the targets, the primary first: its loss stops writes."""
    return sorted({one.key.role for one in groups}, key=lambda role: (role != "primary", role))


def _glance(role: str, groups: list[Group]) -> tuple[str, list[str], list[tuple[str, list[Group | None]]]]:
    """Return the table of a role: faults down, clusters (and runs) across."""
    cells = {(one.key.fault, _column(one)): one for one in groups}
    columns = list(dict.fromkeys(map(_column, groups)))
    rows = [
        (fault, [cells.get((fault, column)) for column in columns]) for fault in sorted({key[0] for key in cells})
    ]
    return role.capitalize(), columns, rows


def _column(one: Group) -> str:
    return f"{one.key.cluster}, {one.key.run}" if one.key.run else one.key.cluster


def _named_figures(report: Report, group: Group) -> list[tuple[str, OtherFigure]]:
    """Return the other systems that have a figure for this kind of trial, each with it."""
    others = zip(report.other_systems, figures_elsewhere(report, group), strict=True)
    return [(system.name, figure) for system, figure in others if figure]


def _picture(report: Report, name: str) -> Markup | None:
    """Return the cluster as planned, from the first topology that has it."""
    for run in report.runs:
        for cluster in run.topology.clusters if run.topology else ():
            if cluster.name == name and run.topology:
                # Within a page an SVG needs no namespace, and the page names no address at all.
                text = svg(planned(run.topology, cluster)).replace(' xmlns="http://www.w3.org/2000/svg"', "")
                return Markup(text)  # noqa: S704 - escaped where it was drawn
    return None


def _by_run(report: Report) -> list[tuple[str, list[Difference]]]:
    return [(name, list(own)) for name, own in groupby(differences(report), key=lambda one: one.key.run)]


def _shown(report: Report, trial: ReportedTrial) -> _Shown:
    verdict = trial.verdict
    whole = not verdict.recovered or len(report.verdicts) <= SHORT
    return _Shown(
        verdict=verdict,
        title=title(verdict),
        source=clean(f"trial {trial.own} of {trial.run}") if trial.run else "",
        chart=timeline(trial.recorded, verdict),
        overview=overview(trial.recorded, verdict) if whole else None,
        bars=phases.bars(verdict) if whole else None,
        rows=phases.rows(verdict),
        points=phases.points(verdict),
        fenced=[(one.well, fencing_line(one)) for one in verdict.fencing],
        figures=details(verdict),
        evidence=list(_evidence(report, trial)),
    )


def _evidence(report: Report, trial: ReportedTrial) -> Iterator[tuple[str, str]]:
    """Return name and link of each file that was kept, as seen from the page."""
    if not trial.evidence:
        return
    above = os.path.commonpath([path.parent for path in trial.evidence])
    for path in trial.evidence:
        yield clean(os.path.relpath(path, above)), quote(os.path.relpath(path, report.out))
