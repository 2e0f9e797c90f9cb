"""The summary for people in a hurry: five figures. Pure."""

from collections.abc import Sequence
from statistics import median

from tuchanka.analysis.verdict import Verdict
from tuchanka.report.details import against
from tuchanka.report.figures import NONE, Figure, count, never, seconds
from tuchanka.report.reasons import why_no_reaction, why_no_read_reaction


def key_figures(verdicts: Sequence[Verdict], totals: dict[str, float | None]) -> list[Figure]:
    """Return the summary for people in a hurry. ``totals`` as in ``summary.totals``."""
    single = verdicts[0] if len(verdicts) == 1 else None
    lost, dual = totals["lost"], totals["dual_primary_s"]
    judged = sum(one.commits.acknowledged - one.commits.uncounted for one in verdicts)
    failed = int(totals["failed"] or 0)
    alike = len({(one.subject.cluster, one.subject.fault, one.subject.target_role) for one in verdicts}) == 1
    return [
        _reaction(
            "writes were away",
            [one.service.reaction_s for one in verdicts],
            (why_no_reaction(single) or against(single)) if single else "",
            alike=alike,
        ),
        _reaction(
            "fresh reads were away",
            [one.service.read_reaction_s for one in verdicts],
            (why_no_read_reaction(single) or "the slowest standby VIP") if single else "",
            alike=alike,
        ),
        Figure(
            "acknowledged commits lost",
            f"{NONE} of {count(judged)}" if lost is None else f"{count(int(lost))} of {count(judged)}",
            "not every trial's commits were counted" if lost is None else "",
            tone="good" if lost == 0 else "bad",
        ),
        Figure(
            "two primaries at once",
            never(dual),
            "the nodes were not asked in every trial" if dual is None else "as the nodes themselves said",
            tone="good" if dual == 0 else "bad",
        ),
        Figure(
            "recovered",
            ("yes" if single.recovered else "no") if single else f"{len(verdicts) - failed} of {len(verdicts)}",
            f"healthy {seconds(single.restoration.restored_s)} after the restore began"
            if single and single.restoration.restored_s is not None
            else "",
            tone="bad" if failed or not verdicts else "good",
        ),
    ]


def _reaction(name: str, values: Sequence[float | None], remark: str, *, alike: bool) -> Figure:
    """Return the median of what is alike; of trials of different kinds only the longest says something."""
    known = [value for value in values if value is not None]
    if not known:
        return Figure(name, NONE, remark or f"{name.split(' were', maxsplit=1)[0]} were never away")
    if len(values) == 1:
        return Figure(name, seconds(known[0]), remark)
    if alike:
        return Figure(name, seconds(median(known)), f"median; the worst {seconds(max(known))}")
    return Figure(f"{name} at most", seconds(max(known)), "over all kinds of trial")
