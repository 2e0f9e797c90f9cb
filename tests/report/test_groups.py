import math
from pathlib import Path

import pytest

from tests.analysis.forged import change, power_loss, renumber, standby_fault
from tuchanka.errors import InputError
from tuchanka.events import Event, Write, to_json
from tuchanka.report.charts.phases import offs
from tuchanka.report.compare import differences
from tuchanka.report.groups import Group, groups_of
from tuchanka.report.promises import tally
from tuchanka.report.runs import Report, read_report, run_of
from tuchanka.stacks.pacemaker.journal_rules import RULES

HERE = Path("/nothing/here")


def report(*histories: list[Event], compare: bool = False) -> Report:
    runs = tuple(
        run_of(events, HERE, RULES, name=f"run {number}" if len(histories) > 1 else "", first=number * 100)
        for number, events in enumerate(histories, 1)
    )
    return Report(HERE, runs, compare)


def five(factor: float = 0.0) -> list[Event]:
    """Five power losses of which each takes a little longer than the one before."""
    found: list[Event] = []
    for number in range(1, 6):
        events = renumber(power_loss(), number, number * 100.0)
        later = factor + number / 10
        found += change(events, Write, lambda one, later=later: late(one, later))  # type: ignore[misc]
    return found


def late(one: Write, later: float) -> Write:
    """The same write, refused if it was one of the first after the outage."""
    due = one.due % 100
    if 13.3 <= due < 13.4 + later:
        return Write(one.t, one.instance, one.seq, one.due, one.sent, "refused", "not yet")
    return one


def write_run(folder: Path, events: list[Event]) -> Path:
    folder.mkdir(parents=True)
    (folder / "history.jsonl").write_text("".join(f"{to_json(event)}\n" for event in events))
    return folder


def only(found: tuple[Group, ...]) -> Group:
    assert len(found) == 1
    return found[0]


def test_primary_and_standby_are_never_mixed() -> None:
    found = groups_of(report([*power_loss(), *renumber(standby_fault(), 2, 100.0)]))
    roles = [(one.key.role, one.writes) for one in found]
    assert roles == [
        ("primary", (pytest.approx(8.38, abs=0.1),)),
        ("standby", (0.0,)),
    ]


def test_what_never_came_back_is_longer_than_any() -> None:
    def refused(one: Write) -> Write:
        return Write(one.t, one.instance, one.seq, one.due, one.sent, "refused") if one.due > 106 else one

    found = only(groups_of(report(change(power_loss(), Write, refused))))
    assert found.writes == (math.inf,)
    assert found.failed == 1


def test_what_never_began_is_no_measurement() -> None:
    found = only(groups_of(report([event for event in power_loss() if event.t < 103])))
    assert found.writes == ()
    assert found.write_spread is None


def test_a_median_and_its_interval() -> None:
    found = only(groups_of(report(five()))).write_spread
    assert found is not None
    assert found.count == 5
    assert found.least < found.median < found.worst
    assert found.interval == (found.least, found.worst)


def test_a_slower_run_is_seen() -> None:
    (one,) = differences(report(five(), five(2.0), compare=True))
    assert one.change == pytest.approx(2.0, abs=0.2)
    assert one.interval is not None
    assert one.interval[0] > 1
    assert (one.tone, one.meaning.split(",")[0]) == ("bad", "slower")
    (back,) = differences(report(five(2.0), five(), compare=True))
    assert (back.tone, back.meaning.split(",")[0]) == ("good", "faster")


def test_equal_runs_show_no_difference() -> None:
    (one,) = differences(report(five(), five(), compare=True))
    assert (one.change, one.ratio, one.tone) == (0.0, 1.0, "")
    assert one.meaning.startswith("no difference shown")


def test_too_few_trials_say_nothing() -> None:
    (one,) = differences(report(five(), power_loss(), compare=True))
    assert one.interval is None
    assert one.meaning == "not enough trials: 5 and 1; it takes 5 of each"


def test_what_only_one_run_has() -> None:
    primary, standby = differences(report(power_loss(), standby_fault(), compare=True))
    assert (primary.after, standby.before) == (None, None)
    assert primary.meaning == "only in one of the two"


def test_pooled_trials_have_numbers_of_their_own(tmp_path: Path) -> None:
    one, two = write_run(tmp_path / "a", five()), write_run(tmp_path / "b", five())
    made = read_report([one, two], tmp_path / "out", RULES)
    assert [verdict.subject.trial for verdict in made.verdicts] == list(range(1, 11))
    assert [(trial.run, trial.own) for trial in made.trials][4:6] == [("a", 5), ("b", 1)]
    assert len(only(groups_of(made)).trials) == 10


def test_runs_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    folders = [write_run(tmp_path / "a" / "run", power_loss()), write_run(tmp_path / "b" / "run", power_loss())]
    assert [run.name for run in read_report(folders, tmp_path, RULES).runs] == ["a/run", "b/run"]
    with pytest.raises(InputError, match="named twice"):
        read_report([folders[0], folders[0] / ".." / "run"], tmp_path, RULES)


def test_predictions_that_are_off_are_listed() -> None:
    assert [one.name for one in offs(groups_of(report(power_loss())))] == []
    assert "reaction" in [one.name for one in offs(groups_of(report(five(4.0))))]


def test_checks_are_counted_over_all_trials() -> None:
    made = report([*power_loss(), *renumber(power_loss(), 2, 100.0)])
    found = tally(made.verdicts)
    assert found
    assert all(one.kept + len(one.violated) + len(one.unchecked) == 2 for one in found)
