"""What is reported on: runs, each with its trials and what is known of where it came from."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tuchanka.analysis.trial_record import TrialRecord, trial_records
from tuchanka.analysis.verdict import Verdict, judge_trial
from tuchanka.errors import InputError, TopologyError
from tuchanka.events import Clock, Event, JournalRule, RunStarted, TrialStarted
from tuchanka.events.history import FILE
from tuchanka.events.history import load as load_history
from tuchanka.report.other_systems import OtherSystem
from tuchanka.topology.load import load
from tuchanka.topology.types import Topology

TOPOLOGY, EVIDENCE = "topology.toml", "evidence"


@dataclass(frozen=True, slots=True)
class ReportedTrial:
    """One trial: what was recorded of it, and the verdict, whose number is unique within the report.

    ``run`` is the name of the run it comes from, ``own`` its number there, ``evidence`` the files kept of it.
    """

    run: str
    own: int
    recorded: TrialRecord
    verdict: Verdict
    evidence: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run. ``began`` is when, in words; ``topology`` None where it isn't beside the history."""

    name: str
    started: RunStarted | None
    began: str
    topology: Topology | None
    trials: tuple[ReportedTrial, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One run, or several: pooled, or (``compare``) each beside the first. ``out`` is the folder it is written to.

    ``other_systems`` are figures that were measured elsewhere, to be shown beside these.
    """

    out: Path
    runs: tuple[Run, ...]
    compare: bool = False
    other_systems: tuple[OtherSystem, ...] = ()

    @property
    def labs(self) -> tuple[str, ...]:
        """The labs that were measured."""
        return tuple(dict.fromkeys(run.started.lab for run in self.runs if run.started))

    @property
    def trials(self) -> tuple[ReportedTrial, ...]:
        """All trials, in order of their numbers."""
        return tuple(trial for run in self.runs for trial in run.trials)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict on each trial."""
        return tuple(trial.verdict for trial in self.trials)


def read_report(
    folders: Sequence[Path],
    out: Path,
    rules: Sequence[JournalRule],
    *,
    compare: bool = False,
    other_systems: tuple[OtherSystem, ...] = (),
) -> Report:
    """Read the runs of these folders; ``rules`` say what the lines of their journals mean.

    Raises:
        InputError: a folder holds no history that can be read, or no trial.
    """
    names = _names(folders)
    runs: list[Run] = []
    for folder, name in zip(folders, names, strict=True):
        events = read_events(folder / FILE)
        runs.append(run_of(events, folder, rules, name=name, first=1 + sum(len(run.trials) for run in runs)))
    return Report(out, tuple(runs), compare, other_systems)


def read_events(file: Path) -> list[Event]:
    """Read a history with at least one trial.

    Raises:
        InputError: it can't be read, or holds none.
    """
    events = load_history(file)
    if not any(isinstance(event, TrialStarted) for event in events):
        raise InputError("holds no trial", where=str(file), hint="name the folder of another run")
    return events


def run_of(
    events: Iterable[Event], folder: Path, rules: Sequence[JournalRule], *, name: str = "", first: int | None = None
) -> Run:
    """Return the run that was recorded into a folder; its trials are numbered from ``first``, or as they were."""
    every = tuple(events)
    trials = []
    for index, recorded in enumerate(trial_records(every)):
        verdict = judge_trial(recorded, rules)
        number = verdict.subject.trial if first is None else first + index
        evidence = _files(folder / EVIDENCE / f"trial-{verdict.subject.trial}")
        trials.append(
            ReportedTrial(
                name,
                verdict.subject.trial,
                recorded,
                replace(verdict, subject=replace(verdict.subject, trial=number)),
                evidence,
            )
        )
    return Run(
        name=name,
        started=next((one for one in every if isinstance(one, RunStarted)), None),
        began=_wall_clock(every),
        topology=_topology(folder / TOPOLOGY),
        trials=tuple(trials),
    )


def _names(folders: Sequence[Path]) -> list[str]:
    """Return a name for each folder, as short as it can be and still tell them apart; none for only one.

    Raises:
        InputError: a folder is named twice, whose trials would count twice.
    """
    if len(folders) == 1:
        return [""]
    absolute = [folder.resolve() for folder in folders]
    twice = next((folder for folder in absolute if absolute.count(folder) > 1), None)
    if twice is not None:
        raise InputError("is named twice", where=str(twice), hint="name each run once")
    common = os.path.commonpath(absolute)
    names = [folder.name for folder in absolute]
    return names if len(set(names)) == len(names) else [os.path.relpath(folder, common) for folder in absolute]


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.rglob("*") if path.is_file()))


def _topology(file: Path) -> Topology | None:
    """Return the topology beside a history; None where there is none, or one that this version can't read."""
    try:
        return load(file) if file.exists() else None
    except TopologyError:
        return None


def _wall_clock(events: tuple[Event, ...]) -> str:
    clock = next((one for one in events if isinstance(one, Clock)), None)
    if clock is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(clock.wall, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""
