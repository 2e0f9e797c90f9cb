"""Figures as people read them, and in words why one is missing. Pure."""

import math
import re
from dataclasses import dataclass

from tuchanka.analysis.verdict import Verdict
from tuchanka.report.runs import Report, Run
from tuchanka.report.statistics import Spread

NONE = "\N{EN DASH}"
# What neither XML nor HTML may hold; it can come in with a server's message.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure to show: what it is, its value with its unit, and a remark (why it is missing, what it means)."""

    name: str
    value: str
    remark: str = ""
    tone: str = ""  # "good", "bad", or nothing


def clean(text: str) -> str:
    """Return ``text`` without characters that no document may hold."""
    return _CONTROL.sub("�", text)


def seconds(value: float | None) -> str:
    """Return seconds with their unit: two digits below 1 s, one up to 100 s, none above."""
    if value is None:
        return NONE
    if math.isinf(value):
        return "never"
    if 0 < abs(value) < 1:
        return f"{value:.2f} s"
    return f"{value:.1f} s" if abs(value) < 100 else f"{value:.0f} s"


def signed(value: float) -> str:
    """Return a difference in seconds, with its sign; none where it is too small to be seen."""
    if abs(value) < 0.05:
        return "0.0 s"
    return f"{value:+.1f} s".replace("-", "\N{MINUS SIGN}")


def ratio(value: float | None) -> str:
    """Return how many times as long something is: two digits, none after the point from ten times on."""
    if value is None:
        return NONE
    return f"\N{MULTIPLICATION SIGN} {value:.1f}" if value < 10 else f"\N{MULTIPLICATION SIGN} {value:.0f}"


def between(first: float, last: float) -> str:
    """Return a time, or from when to when: seconds from the fault."""
    begin, end = f"{first:+.1f}", f"{last:+.1f}"
    return (f"at {begin} s" if begin == end else f"{begin} to {end} s").replace("-", "\N{MINUS SIGN}")


def never(value: float | None) -> str:
    """Return how long a harm lasted; never, where it didn't happen."""
    return "never" if value == 0 else seconds(value)


def count(value: int | None) -> str:
    """Return a whole number, its thousands set apart."""
    return NONE if value is None else f"{value:,}".replace(",", "\u202f")


def title(verdict: Verdict) -> str:
    """Return what the trial was, in a few words."""
    return clean(f"{verdict.subject.fault} of {verdict.subject.target} ({verdict.subject.target_role})")


def why_no_reaction(verdict: Verdict) -> str:
    """Return why there is no write reaction."""
    if verdict.service.reaction_s is not None:
        return ""
    return "writes never came back" if verdict.service.outages else "writes were never away"


def why_no_read_reaction(verdict: Verdict) -> str:
    """Return why there is no read reaction."""
    if verdict.service.read_reaction_s is not None:
        return ""
    if verdict.service.reads_lost:
        return "fresh reads never came back"
    return (
        "fresh reads were never away" if verdict.service.read_reactions else "nothing was read through a standby VIP"
    )


def why_unknown_loss(verdict: Verdict) -> str:
    """Return why the loss isn't known."""
    return "" if verdict.commits.lost is not None else "the commits were never counted"


def why_no_dual(verdict: Verdict) -> str:
    """Return why nothing is known about two primaries."""
    return "" if verdict.safety.dual_primary_s is not None else "nobody asked the nodes for their roles"


def why_not_restored(verdict: Verdict) -> str:
    """Return why there is no restore time."""
    if verdict.restoration.restored_s is not None:
        return ""
    return "never healthy after the restore" if verdict.restoration.began else "nothing was restored"


def ranges(verdict: Verdict) -> str:
    """Return the lost sequence numbers as ranges, in order."""
    return ", ".join(str(low) if low == high else f"{low}{NONE}{high}" for low, high in verdict.commits.lost_ranges)


def figures(verdict: Verdict) -> list[Figure]:
    """Return every figure of a trial, for its table of details."""
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
            why_unknown_loss(verdict) or (f"beats {ranges(verdict)}" if commits.lost else "each was found again"),
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
        Figure("Margin between the primaries", _margin(verdict), _why_margin(verdict)),
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


def _there(survived: int | None) -> str:
    return "" if survived is None else f"; {survived} are there"


def reaction(value: float) -> str:
    """Return a reaction: 0 is none at all, infinity one that never ended."""
    return "not away" if value == 0 else "never back" if math.isinf(value) else seconds(value)


def away(found: Spread | None) -> str:
    """Return a sample's median, and of how many trials it is where not all of them had an outage."""
    if found is None:
        return NONE
    mixed = f" (away in {found.away} of {found.count})" if 0 < found.away < found.count else ""
    return reaction(found.median) + mixed


def interval(found: Spread | None) -> str:
    """Return the interval of the median, or why there is none."""
    if found is None or found.worst == 0:
        return NONE
    if found.interval is None:
        return "not enough trials"
    return _range(*found.interval)


def middle(found: Spread | None) -> str:
    """Return the spread: the middle half, of fewer than four values the least and the worst."""
    if found is None or found.worst == 0:
        return NONE
    return _range(found.low, found.high) if found.count >= 4 else _range(found.least, found.worst)


def _range(low: float, high: float) -> str:
    first, last = reaction(low), reaction(high)
    if first == last:
        return first
    return f"{first.removesuffix(' s')} to {last}" if first.endswith(" s") else f"{first} to {last}"


def loss(lost: int | None, judged: int) -> str:
    """Return how many acknowledged commits were lost, of how many."""
    return f"{count(lost)} of {count(judged)}" if lost is not None else f"unknown, of {count(judged)}"


def when(report: Report) -> str:
    """Return a heading: what was measured, and when."""
    began = ", ".join(run.began for run in report.runs if run.began)
    return clean(" ".join(filter(None, [f"Trials of {', '.join(report.labs) or 'tuchanka'}", began])))


def ground(run: Run) -> list[str]:
    """Return what a run was measured on and with, in short."""
    started = run.started
    if started is None:
        return []
    host = f"host with {started.cores} cores"
    if started.memory_bytes:
        host += f" and {started.memory_bytes / 2**30:.0f} GiB"
    facts = [run.name, run.began, f"timing profile {started.profile}", f"machines by {started.provider}", host]
    return [clean(one) for one in facts if one] + [clean(f"{name} {is_}") for name, is_ in started.versions.items()]


def again(run: Run) -> str:
    """Return the command that measures the same again, as it was recorded, or as far as the trials tell."""
    if run.started and run.started.command:
        return clean(run.started.command)
    verdicts = [trial.verdict for trial in run.trials]
    parts = ["tuchanka", "test", *dict.fromkeys(one.subject.cluster for one in verdicts)]
    for fault in dict.fromkeys(one.subject.fault for one in verdicts):
        parts += ["--fault", fault]
    return clean(" ".join(parts))


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


def _why_margin(verdict: Verdict) -> str:
    if verdict.safety.margin_s is None:
        return "the primary did not change"
    told = "old one last seen as primary, new one first"
    if verdict.safety.margin_least_s is None or verdict.safety.margin_most_s is None:
        return told
    return f"{told}; between {signed(verdict.safety.margin_least_s)} and {signed(verdict.safety.margin_most_s)}"
