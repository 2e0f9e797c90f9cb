"""Every figure of one trial, each with its remark. Pure."""

from tuchanka.analysis.verdict import Verdict
from tuchanka.events.fencings import Fencing
from tuchanka.report.figures import NONE, Figure, count, never, seconds, signed
from tuchanka.report.reasons import (
    why_no_dual,
    why_no_margin,
    why_no_reaction,
    why_no_read_reaction,
    why_not_restored,
    why_unknown_loss,
)
from tuchanka.report.text import clean


def details(verdict: Verdict) -> list[Figure]:
    """Return every figure of a trial, in the order of its table."""
    service, commits, safety = verdict.service, verdict.commits, verdict.safety
    found = [
        Figure("Writes away", seconds(service.reaction_s), why_no_reaction(verdict) or against(verdict)),
        Figure(
            "Fresh reads away",
            seconds(service.read_reaction_s),
            why_no_read_reaction(verdict)
            or ", ".join(f"{vip}: {seconds(value)}" for vip, value in service.read_reactions.items()),
        ),
        Figure("Commits acknowledged", count(commits.acknowledged), _uncounted(verdict)),
        Figure(
            "of these, lost",
            count(commits.lost),
            why_unknown_loss(verdict) or (f"beats {_ranges(verdict)}" if commits.lost else "each was found again"),
            tone="bad" if commits.lost or commits.lost is None else "good",
        ),
        Figure(
            "Commits indeterminate",
            count(commits.indeterminate),
            "sent, and never answered" + _there(commits.indeterminate_survived),
        ),
        Figure(
            "Commits warned of",
            count(commits.warned),
            "acknowledged with a warning: perhaps on the primary alone" + _there(commits.warned_survived),
            tone="bad" if commits.warned else "",
        ),
        Figure(
            "Commits refused",
            count(commits.refused),
            f"the server said no, or could not be reached; at once for {seconds(service.refused_s)}, "
            f"while clients hung for {seconds(service.hanging_s)}",
        ),
        Figure(
            "Two primaries at once",
            never(safety.dual_primary_s),
            why_no_dual(verdict) or "as the nodes themselves said",
            tone="bad" if safety.dual_primary_s or safety.dual_primary_s is None else "good",
        ),
        Figure("Margin between the primaries", _margin(verdict), why_no_margin(verdict) or _margin_bounds(verdict)),
        Figure(
            "One address on two nodes",
            never(safety.vip_shared_s),
            "",
            tone="bad" if safety.vip_shared_s else "",
        ),
        Figure(
            "Redundancy gone",
            seconds(verdict.restoration.redundancy_s),
            "until every standby streamed again, from the fault on",
        ),
        Figure(
            "Healthy again",
            seconds(verdict.restoration.restored_s),
            why_not_restored(verdict) or "from the restore's start",
        ),
        Figure(
            "Reads failed / stale",
            f"{count(service.failed_reads)} / {count(service.stale_reads)}",
            "" if service.oldest_read_s is None else f"oldest answer {seconds(service.oldest_read_s)} old",
        ),
    ]
    found += [_fenced(one) for one in verdict.fencing]
    if service.reads_back:
        found.append(
            Figure("Reads went back", f"{count(service.reads_back)} times", "an older row than the read before")
        )
    if service.later_outages:
        found.append(Figure("Outages during the repair", count(service.later_outages), tone="bad"))
    late = f"{count(verdict.recording.recorder_late)} times late" if verdict.recording.recorder_late else "never late"
    found.append(
        Figure(
            "The recorder itself",
            late,
            "" if verdict.recording.blind_s is None else f"longest pause {seconds(verdict.recording.blind_s)}",
        )
    )
    return [Figure(one.name, one.value, clean(one.remark), one.tone) for one in found]


def _fenced(one: Fencing) -> Figure:
    """Return who fenced whom, by what, how long that took and when it was asked for."""
    name = f"{one.target} fenced by {one.by}"
    asked = f"by {one.how or 'nobody knows what'}, asked for {seconds(one.requested)} after the fault"
    words = f"{asked}; {one.words}" if one.words else asked
    if one.ended is None:
        return Figure(name, "never done", words, tone="bad")
    if not one.well:
        return Figure(name, "failed", words, tone="bad")
    return Figure(name, f"after {seconds(one.seconds)}", words)


def _ranges(verdict: Verdict) -> str:
    """Return the lost sequence numbers as ranges, in order."""
    return ", ".join(str(low) if low == high else f"{low}{NONE}{high}" for low, high in verdict.commits.lost_ranges)


def _there(survived: int | None) -> str:
    return "" if survived is None else f"; {survived} are there"


def against(verdict: Verdict | None) -> str:
    """Return what was predicted, where anything was."""
    if verdict is None or verdict.predicted_s is None:
        return ""
    return f"{seconds(verdict.predicted_s)} predicted"


def _uncounted(verdict: Verdict) -> str:
    if not verdict.commits.uncounted:
        return ""
    return f"{count(verdict.commits.uncounted)} of them after the count, while the cluster was repaired"


def _margin(verdict: Verdict) -> str:
    return NONE if verdict.safety.margin_s is None else signed(verdict.safety.margin_s)


def _margin_bounds(verdict: Verdict) -> str:
    told = "old one last seen as primary, new one first"
    if verdict.safety.margin_least_s is None or verdict.safety.margin_most_s is None:
        return told
    return f"{told}; between {signed(verdict.safety.margin_least_s)} and {signed(verdict.safety.margin_most_s)}"
