"""``summary.md``: the table of all kinds of trials, for a wiki. Pure."""

from collections.abc import Sequence

from tuchanka.report.compare import differences
from tuchanka.report.fencings import fencing_rows
from tuchanka.report.figures import NONE, away, interval, loss, middle, ratio, reaction, seconds, signed
from tuchanka.report.groups import Group, Key, figures_elsewhere, groups_of
from tuchanka.report.headings import ground, title, when
from tuchanka.report.helper_gains import helper_gains
from tuchanka.report.runs import Report
from tuchanka.report.text import clean

HEAD = (
    "cluster",
    "fault",
    "target",
    "trials",
    "writes away, median",
    "95 % interval",
    "middle half",
    "worst",
    "predicted",
    "fresh reads away, median",
    "lost of acknowledged",
    "result",
)
NOTE = (
    "Seconds from the moment the fault took effect to the first acknowledged write; 0 where writes were never away. "
    "The interval is that of the median (bootstrap), from five trials on."
)
FENCING_NOTE = "Seconds from the request to fence a node until it counted as fenced, as the nodes' journals say."


def render_markdown(report: Report) -> str:
    """Return the summary as Markdown."""
    groups = groups_of(report)
    others = report.other_systems
    head = (*HEAD, *(_plain(one.name) for one in others))
    rows = [_row(one) + [str(figure or "") for figure in figures_elsewhere(report, one)] for one in groups]
    parts = [f"# {_plain(when(report))}", "", *_ground(report), "", *_table(head, rows)]
    parts += ["", NOTE]
    parts += [
        line for one in others for line in ("", _plain(f"{one.name}, measured elsewhere: {one.how}. {one.remark}"))
    ]
    if report.compare:
        head = ("cluster", "fault", "target", "before", "after", "difference", "ratio", "what it shows")
        rows = [
            [
                *map(_plain, (one.key.cluster, one.key.fault, one.key.role)),
                seconds(one.before_spread.median if one.before_spread else None),
                seconds(one.after_spread.median if one.after_spread else None),
                NONE if one.change is None else signed(one.change),
                ratio(one.ratio),
                _plain(one.meaning),
            ]
            for one in differences(report)
        ]
        told = [line for one in helper_gains(report) for line in (_plain(str(one)), "")]
        parts += ["", f"## Compared with {_plain(report.runs[0].name)}", "", *told, *_table(head, rows)]
    fenced = fencing_rows(groups)
    if fenced:
        head = ("cluster", "fault", "target", "fenced by", "times", "took, median", "longest", "failed")
        rows = [
            [
                *map(_plain, (one.key.cluster, one.key.fault, _role(one.key), one.how)),
                str(one.count),
                one.median,
                one.longest,
                f"**{one.failed}**" if one.failed else "0",
            ]
            for one in fenced
        ]
        parts += ["", "## How nodes were fenced", "", *_table(head, rows), "", FENCING_NOTE]
    failed = [one for one in report.verdicts if not one.recovered]
    if failed:
        parts += ["", "## Failed trials", ""]
        parts += [f"- {one.subject.trial}: {_plain(title(one))}: {_plain(one.problem)}" for one in failed]
    return "\n".join(parts) + "\n"


def _ground(report: Report) -> list[str]:
    return [f"- {_plain(' · '.join(ground(run)))}" for run in report.runs if ground(run)]


def _row(one: Group) -> list[str]:
    found, read = one.write_spread, one.read_spread
    return [
        _plain(one.key.cluster),
        _plain(one.key.fault),
        _plain(_role(one.key)),
        str(len(one.trials)),
        away(found),
        interval(found),
        middle(found),
        NONE if found is None else reaction(found.worst),
        seconds(one.predicted_s),
        away(read),
        loss(one.lost, one.judged),
        "recovered" if not one.failed else f"**{one.failed} failed**",
    ]


def _role(key: Key) -> str:
    return key.role + (f", {key.run}" if key.run else "")


def _table(head: Sequence[str], rows: "Sequence[list[str]] | map[list[str]]") -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _plain(text: str) -> str:
    """Return text that stays within its cell and is no markup."""
    flat = " ".join(clean(text).split())
    for sign in "\\`*_[]<>|#":
        flat = flat.replace(sign, f"\\{sign}")
    return flat
