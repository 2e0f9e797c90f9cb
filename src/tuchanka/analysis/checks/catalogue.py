"""Every check of a trial: its name, what any cluster promises, and the function that makes it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tuchanka.analysis.checks import audit as audited
from tuchanka.analysis.checks import reads, safety
from tuchanka.analysis.checks import service as service_checks
from tuchanka.analysis.checks.outcome import CheckResult, Judgement
from tuchanka.analysis.trial_record import TrialRecord


@dataclass(frozen=True, slots=True)
class Examiner:
    """One check. ``always``: every cluster promises it; otherwise it is made where the trial's promises name it.

    A history may be older than promises: of a trial that names none, only what is ``always`` promised is checked.
    """

    name: str
    promise: str
    examine: Callable[[TrialRecord], Judgement]
    always: bool = True


EXAMINERS: tuple[Examiner, ...] = (
    Examiner("stable", "the service stays back for a while", service_checks.stable),
    Examiner("recorder", "the heartbeat was recorded all the time", service_checks.watched),
    Examiner("writes", "writes come back, and stay", service_checks.writes),
    Examiner("reads", "fresh reads come back through every standby VIP", service_checks.fresh_reads),
    Examiner("one primary", "no two nodes accept writes at once", safety.one_primary),
    Examiner("margin", "the old primary has ended before the new one begins", safety.margin),
    Examiner("VIPs", "no VIP is on two nodes", safety.vips),
    Examiner("commits", "no acknowledged commit is lost", safety.kept, always=False),
    Examiner("commits in place", "no acknowledged commit is lost where the primary stays", safety.kept_in_place),
    Examiner("refused commits", "what was refused is not there", safety.refused),
    Examiner("reads stay", "what was read stays", reads.stay, always=False),
    Examiner("reads in order", "reads never go back on a connection", reads.in_order, always=False),
    Examiner(
        "most advanced", "the standby that is promoted has as much of the log as any other", safety.most_advanced
    ),
    Examiner("rows", "every copy has the same rows", audited.rows),
    Examiner("checksums", "no page has a wrong checksum", audited.checksums),
    Examiner("timelines", "every copy is on the primary's timeline, which descends from the last", audited.timelines),
    Examiner("redundancy", "every standby streams again", service_checks.redundant),
    Examiner("replication", "every standby has what the primary had", audited.replication),
    Examiner("healthy", "the cluster is healthy after the repair", service_checks.healthy),
    Examiner("fail counts", "no failure is still counted", audited.fail_counts),
    Examiner("constraints", "no constraint or setting is left behind", audited.settings),
    Examiner("scores", "the promotion scores fit the roles", audited.scores),
    Examiner("crashes", "no program crashed or left a core dump", audited.crashes),
    Examiner("daemons", "no daemon was restarted on a node that the fault did not hit", audited.daemons),
    Examiner("quorum", "every node sees every vote", audited.quorum),
    Examiner("watchdog", "every watchdog is armed", audited.watchdog),
)


def examine(trial: TrialRecord, examiners: Sequence[Examiner] = EXAMINERS) -> tuple[CheckResult, ...]:
    """Make the checks that the trial's promises name, or, where it names none, those that every cluster promises.

    Of a trial without a fault nothing can be checked.
    """
    promised = trial.started.promises
    chosen = [one for one in examiners if (one.name in promised if promised else one.always)]
    nothing = Judgement("not checked", "no fault was injected")
    found = [one.examine(trial) if trial.injected is not None else nothing for one in chosen]
    return tuple(
        CheckResult(one.name, promised.get(one.name, one.promise), finding.outcome, finding.detail)
        for one, finding in zip(chosen, found, strict=True)
    )
