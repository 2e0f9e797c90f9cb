"""``summary.md``: the table of all kinds of trials, for a wiki. Pure."""

from collections.abc import Sequence

from tuchanka.report import wording as words
from tuchanka.report.compare import differences
from tuchanka.report.comparisons import prototype
from tuchanka.report.groups import Group, groups_of
from tuchanka.report.runs import Report

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
    "prototype",
)
NOTE = (
    "Seconds from the moment the fault took effect to the first acknowledged write; 0 where writes were never away. "
    "The interval is that of the median (bootstrap), from five trials on. "
)


def render_markdown(report: Report) -> str:
    """Return the summary as Markdown."""
    parts = [f"# {_plain(words.when(report))}", "", *_ground(report), "", *_table(HEAD, map(_row, groups_of(report)))]
    parts += ["", NOTE + f"Prototype: measured elsewhere ({prototype().title}), {prototype().how}."]
    if report.compare:
        head = ("cluster", "fault", "target", "before", "after", "difference", "what it shows")
        rows = [
            [
                *map(_plain, (one.key.cluster, one.key.fault, one.key.role)),
                words.seconds(one.before_spread.median if one.before_spread else None),
                words.seconds(one.after_spread.median if one.after_spread else None),
                words.NONE if one.change is None else words.signed(one.change),
                _plain(one.meaning),
            ]
            for one in differences(report)
        ]
        parts += ["", f"## Compared with {_plain(report.runs[0].name)}", "", *_table(head, rows)]
    failed = [one for one in report.verdicts if not one.recovered]
    if failed:
        parts += ["", "## Failed trials", ""]
        parts += [f"- {one.subject.trial}: {_plain(words.title(one))}: {_plain(one.problem)}" for one in failed]
    return "\n".join(parts) + "\n"


def _ground(report: Report) -> list[str]:
    return [f"- {_plain(' · '.join(words.ground(run)))}" for run in report.runs if words.ground(run)]


def _row(one: Group) -> list[str]:
    found, read = one.write_spread, one.read_spread
    mean = prototype().of(one.key.fault, one.key.cluster) if one.key.role == "primary" else None
    role = one.key.role + (f", {one.key.run}" if one.key.run else "")
    return [
        _plain(one.key.cluster),
        _plain(one.key.fault),
        _plain(role),
        str(len(one.trials)),
        words.away(found),
        words.interval(found),
        words.middle(found),
        words.NONE if found is None else words.reaction(found.worst),
        words.seconds(one.predicted_s),
        words.away(read),
        words.loss(one.lost, one.judged),
        "recovered" if not one.failed else f"**{one.failed} failed**",
        "" if mean is None else str(mean),
    ]


def _table(head: Sequence[str], rows: "Sequence[list[str]] | map[list[str]]") -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _plain(text: str) -> str:
    """Return text that stays within its cell and is no markup."""
    flat = " ".join(words.clean(text).split())
    for sign in "\\`*_[]<>|#":
        flat = flat.replace(sign, f"\\{sign}")
    return flat
