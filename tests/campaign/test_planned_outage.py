"""The gap of a planned operation, from forged heartbeats."""

from tuchanka.campaign.planned_outage import Gap, gap_of
from tuchanka.events import CommitsCounted, Event, Outcome, Read, Write

SINCE = 100.0


def write(seq: int, outcome: Outcome = "acknowledged", *, took: float = 0.01) -> Write:
    due = 99.0 + seq / 10
    return Write(t=due + took, instance="i", seq=seq, due=due, sent=due, outcome=outcome)


def read(number: int, *, ok: bool = True, age: float = 0.1, vip: str = "s1") -> Read:
    due = 99.0 + number / 10
    return Read(t=due + 0.01, instance="i", vip=vip, due=due, ok=ok, seq=number, age=age)


def gap(events: list[Event], *ranges: list[int]) -> Gap:
    return gap_of(events, SINCE, CommitsCounted(200, 0, "i", "n", 100, list(ranges)))


def test_nothing_was_away():
    assert gap([write(seq) for seq in range(1, 31)], [1, 30]) == Gap(0.0, 0.0, 30, 0, 0)


def test_from_the_first_write_that_failed_to_the_first_answer():
    away = [write(seq, "refused", took=1.0) for seq in range(15, 25)]
    seen = gap([*map(write, range(1, 15)), *away, *map(write, range(25, 31))], [1, 14], [25, 30])
    assert seen == Gap(1.01, 0.0, 20, 0, 0)


def test_what_was_before_does_not_count():
    assert gap([write(1), write(2, "refused"), *map(write, range(3, 31))], [1, 30]).write_s == 0.0


def test_what_did_not_come_back_has_no_length():
    assert gap([*map(write, range(1, 15)), write(15, "refused")], [1, 14]).write_s is None
    assert gap([read(15), read(16, ok=False)]).read_s is None


def test_lost_and_unanswered_commits():
    seen = gap([write(1), write(2), write(3, "indeterminate"), write(4)], [1, 1], [4, 4])
    assert (seen.acknowledged, seen.lost, seen.indeterminate) == (3, 1, 1)


def test_the_reads_that_were_away_the_longest():
    ours = [read(15), read(16, ok=False), read(17, age=1.5), read(18), read(19)]
    other = [read(number, vip="s2", ok=number != 17) for number in range(15, 20)]
    assert gap([*ours, *other]).read_s == 0.21


def test_an_acknowledgement_with_a_warning_is_neither_lost_nor_acknowledged():
    seen = gap([*map(write, range(1, 15)), write(15, "warned"), *map(write, range(16, 31))], [1, 14], [16, 30])
    assert (seen.acknowledged, seen.lost, seen.indeterminate, seen.warned) == (29, 0, 0, 1)
