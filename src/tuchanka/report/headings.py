"""What was measured, when and on what: the words above a report's figures. Pure."""

from tuchanka.analysis.verdict import Verdict
from tuchanka.report.runs import Report, Run
from tuchanka.report.text import clean


def title(verdict: Verdict) -> str:
    """Return what the trial was, in a few words."""
    return clean(f"{verdict.subject.fault} of {verdict.subject.target} ({verdict.subject.target_role})")


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
