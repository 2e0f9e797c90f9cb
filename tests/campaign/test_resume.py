"""What is left of a campaign, how long it takes, and a history that is opened again."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.forged import started
from tuchanka.analysis.verdict import judge
from tuchanka.campaign import resume
from tuchanka.campaign.estimate import AROUND_S, BETWEEN_S, durations, in_words, left_s, trial_s
from tuchanka.campaign.history import History
from tuchanka.campaign.plan import Planned, Wish, to_event
from tuchanka.campaign.provenance import joined
from tuchanka.errors import InputError
from tuchanka.events import Clock, Event, FaultInjected, TrialEnded, TrialStarted, Write
from tuchanka.events.history import load

PLAN = tuple(Planned(number, "tuchanka2", "krogan2", "power-off", "primary") for number in range(1, 5))
WISH = Wish(("tuchanka2",), ("power-off",), "primary", seed=5, rounds=4)


def begun(number: int, t: float) -> TrialStarted:
    return started(number, t=t)


def test_a_trial_is_done_when_it_ended_by_itself_also_where_it_failed():
    events: list[Event] = [
        begun(1, 1.0),
        TrialEnded(2.0, 1),
        begun(2, 3.0),
        TrialEnded(4.0, 2, "writes never came back"),
        begun(3, 5.0),
        TrialEnded(6.0, 3, resume.INTERRUPTED),
        begun(4, 7.0),
    ]
    assert [one.number for one in resume.undone(PLAN, events)] == [3, 4]
    again: list[Event] = [begun(3, 8.0), TrialEnded(9.0, 3)]
    assert [one.number for one in resume.undone(PLAN, events + again)] == [4]


def test_only_the_repetition_of_an_interrupted_trial_is_judged():
    events: list[Event] = [begun(1, 1.0), FaultInjected(2.0, 1, "power-off", "tuchanka2a"), begun(1, 100.0)]
    (verdict,) = judge(events)
    assert "no fault was injected" in verdict.problems


def test_the_plan_is_found():
    event = to_event(1.0, WISH, PLAN, "tuchanka test")
    assert resume.planned([Clock(0.0, 0.0), event], where="x") == (WISH, PLAN)
    with pytest.raises(InputError, match="x: holds no plan"):
        resume.planned([Clock(0.0, 0.0)], where="x")


def test_the_time_between_two_sessions_is_not_used_up():
    assert resume.used_s([]) == 0
    session: list[Event] = [Clock(10.0, 0.0), begun(1, 11.0), TrialEnded(40.0, 1)]
    again: list[Event] = [Clock(1000.0, 0.0), begun(2, 1001.0), TrialEnded(1020.0, 2)]
    assert resume.used_s(session) == 30
    assert resume.used_s(session + again) == 50


def test_a_run_of_before_the_last_boot_is_not_continued():
    resume.check_clock([Clock(100.0, 0.0)], 99.0, where="x")
    with pytest.raises(InputError, match="restarted"):
        resume.check_clock([Clock(10_000.0, 0.0)], 99.0, where="x")


def test_estimates_follow_what_was_measured():
    trial = PLAN[0]
    assert trial_s(trial, 9.0, {}) == AROUND_S + BETWEEN_S + 9
    elsewhere = {("tuchanka4", "power-off"): [50.0], ("tuchanka4", "unlink"): [500.0]}
    assert trial_s(trial, 9.0, elsewhere) == 50 + BETWEEN_S
    assert trial_s(trial, 9.0, elsewhere | {("tuchanka2", "power-off"): [40.0, 30.0, 35.0]}) == 35 + BETWEEN_S


def test_durations_are_those_of_trials_without_a_problem():
    events: list[Event] = [
        begun(1, 1.0),
        TrialEnded(31.0, 1),
        begun(2, 40.0),
        TrialEnded(340.0, 2, "no"),
        begun(3, 350.0),
    ]
    assert durations(events) == {("tuchanka2", "power-off"): [30.0]}


@given(st.integers(0, 9), st.integers(0, 9), st.integers(1, 4))
def test_what_is_left_is_bounded_by_the_longest_cluster_and_by_what_runs_at_once(two: int, four: int, parallel: int):
    trials = [Planned(1, "tuchanka2", "krogan2", "power-off", "primary")] * two
    trials += [Planned(1, "tuchanka4", "krogan4", "power-off", "primary")] * four
    each = trial_s(PLAN[0], 9.0, {})
    left = left_s(trials, {"power-off": 9.0}, {}, parallel=parallel)
    assert left == pytest.approx(each * max(two, four, (two + four) / parallel))


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (89.4, "89 s"), (90, "2 min"), (1500, "25 min"), (12_000, "3 h 20 min")]
)
def test_times_in_words(seconds: float, words: str):
    assert in_words(seconds) == words


def write(seq: int) -> Write:
    return Write(float(seq), "krogan2", seq, 0.0, 0.0, "acknowledged")


def test_a_history_is_opened_again_for_more(tmp_path: Path):
    path = tmp_path / "new" / "history.jsonl"
    with History(path) as history:
        history.add(write(1))
    with path.open("a") as file:
        file.write('{"kind":"write","t":2.0,"inst')  # its writer was killed
    with History(path) as history:
        assert history.events == [write(1)]
        history.add(write(2))
    assert load(path) == [write(1), write(2)]
    assert history.folder == path.parent


@pytest.mark.parametrize("text", ["", "x" * 200_000, "unfinished"])
def test_a_history_of_nothing_but_an_unfinished_line(tmp_path: Path, text: str):
    path = tmp_path / "history.jsonl"
    path.write_text(text)
    with History(path) as history:
        history.add(write(1))
    assert load(path) == [write(1)]


def test_what_is_no_history_is_left_alone(tmp_path: Path):
    path = tmp_path / "history.jsonl"
    path.write_text("everything\n")
    with pytest.raises(InputError, match="not an event"):
        History(path)
    assert path.read_text() == "everything\n"


def test_versions_say_whose_they_are_where_the_clusters_differ():
    same = {"a": {"pacemaker": "3.0.0", "sbd": "1.5"}, "b": {"pacemaker": "3.0.0"}}
    assert joined(same) == {"pacemaker": "3.0.0", "sbd": "1.5 (a), none (b)"}
