"""Every check of a trial: its name, what any cluster promises, and the function that makes it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from tuchanka.analysis.checks import audit, fencing, reads, safety, service
from tuchanka.analysis.checks.outcome import CheckResult, Judgement
from tuchanka.analysis.trial_record import TrialRecord


@dataclass(frozen=True, slots=True)
class Examiner:
    """One check. ``always``: every cluster promises it; otherwise it is made where the trial's promises name it.

    ``about`` says what it judges: every instance of the trial's cluster, or the trial's own instance alone.
    A history may be older than promises: of a trial that names none, only what is ``always`` promised is checked.
    """

    name: str
    promise: str
    examine: Callable[[TrialRecord], Judgement]
    always: bool = True
    about: Literal["cluster", "instance"] = "cluster"


EXAMINERS: tuple[Examiner, ...] = (
    Examiner("stable", "the service stays back for a while", service.stable),
    Examiner("recorder", "the heartbeat was recorded all the time", service.watched),
    Examiner("writes", "writes come back, and stay", service.writes),
    Examiner("reads", "fresh reads come back through every standby VIP", service.fresh_reads),
    Examiner("one primary", "no two nodes accept writes at once", safety.one_primary),
    Examiner("margin", "the old primary has ended before the new one begins", safety.margin),
    Examiner("fencing", "a node that counts as fenced has stopped", fencing.truth),
    Examiner("bystanders", "no node stops that the fault did not hit", fencing.bystanders),
    Examiner("VIPs", "no VIP is on two nodes", safety.vips),
    Examiner("commits", "no acknowledged commit is lost", safety.kept, always=False, about="instance"),
    Examiner("commits in place", "no acknowledged commit is lost where the primary stays", safety.kept_in_place),
    Examiner("refused commits", "what was refused is not there", safety.refused),
    Examiner("reads stay", "what was read stays", reads.stay, always=False, about="instance"),
    Examiner("reads in order", "reads never go back on a connection", reads.in_order, always=False),
    Examiner(
        "most advanced", "the standby that is promoted has as much of the log as any other", safety.most_advanced
    ),
    Examiner("rows", "every copy has the same rows", audit.rows),
    Examiner("checksums", "no page has a wrong checksum", audit.checksums),
    Examiner("timelines", "every copy is on the primary's timeline, which descends from the last", audit.timelines),
    Examiner("redundancy", "every standby streams again", service.redundant),
    Examiner("replication", "every standby has what the primary had", audit.replication),
    Examiner("healthy", "the cluster is healthy after the repair", service.healthy),
    Examiner("fail counts", "no failure is still counted", audit.fail_counts),
    Examiner("constraints", "no constraint or setting is left behind", audit.settings),
    Examiner("scores", "the promotion scores fit the roles", audit.scores),
    Examiner("crashes", "no program crashed or left a core dump", audit.crashes),
    Examiner("daemons", "no daemon was restarted on a node that the fault did not hit", audit.daemons),
    Examiner("quorum", "every node sees every vote", audit.quorum),
    Examiner("watchdog", "every watchdog is armed", audit.watchdog),
    Examiner("unhindered", "no write is refused or late while the fault lasts", service.unhindered, always=False),
    Examiner(
        "waiting log", "the log that waits for the archive stays below its limit", audit.waiting_log, always=False
    ),
    Examiner("archive", "the archive is whole, or its gap is known", audit.archive, always=False),
)


def examine(trial: TrialRecord, examiners: Sequence[Examiner] = EXAMINERS) -> tuple[CheckResult, ...]:
    """Make the checks that the trial's promises name, or, where it names none, those that every cluster promises.

    Of a trial without a fault nothing can be checked; nor can a promise whose check isn't here, as one of a later
    version.
    """
    promised = trial.started.promises
    chosen = [one for one in examiners if (one.name in promised if promised else one.always)]
    nothing = Judgement("not checked", "no fault was injected")
    found = {one.name: one.examine(trial) if trial.injected is not None else nothing for one in chosen}
    words = {one.name: one.promise for one in chosen} | promised
    unknown = Judgement("not checked", "this version has no such check")
    results = found | {name: unknown for name in promised if name not in found}
    return tuple(CheckResult(name, words[name], one.outcome, one.detail) for name, one in results.items())
