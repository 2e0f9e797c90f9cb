"""What became of the commits: none that was lost, refused or warned of may go uncounted."""

from dataclasses import replace

from tests.analysis.forged import change, power_loss
from tests.analysis.judged import one
from tuchanka.analysis.commits import to_ranges
from tuchanka.events import CommitsCounted, Write
from tuchanka.report.summary import summarise


def test_a_lost_commit() -> None:
    verdict = one(change(power_loss(), CommitsCounted, lambda event: replace(event, ranges=[[1, 40], [44, 300]])))
    assert verdict.commits.lost == 3
    assert verdict.commits.lost_ranges == ((41, 43),)


def test_a_lost_commit_after_the_outage() -> None:
    verdict = one(change(power_loss(), CommitsCounted, lambda event: replace(event, ranges=[[1, 150], [152, 300]])))
    assert verdict.commits.lost_ranges == ((151, 151),)


def test_nobody_counted() -> None:
    verdict = one(change(power_loss(), CommitsCounted, lambda _: None))
    assert verdict.commits.lost is None
    assert not verdict.recovered
    assert "never counted" in verdict.problem
    assert summarise([verdict])["totals"]["lost"] is None


def test_the_count_of_another_instance_is_not_ours() -> None:
    assert (
        one(change(power_loss(), CommitsCounted, lambda event: replace(event, instance="krogan4"))).commits.lost
        is None
    )


def test_a_refused_commit_that_is_there() -> None:
    verdict = one(change(power_loss(), CommitsCounted, lambda event: replace(event, ranges=[[1, 300]])))
    assert verdict.commits.refused_survived == 81
    assert "81 refused commits of krogan2 were found" in verdict.problem


def test_an_acknowledgement_with_a_warning_is_counted_apart() -> None:
    """As where the wait for a synchronous standby was cancelled: beat 20 is there, beat 30 is not."""
    warned = change(
        power_loss(), Write, lambda write: replace(write, outcome="warned") if write.seq in {20, 30} else write
    )
    events = change(warned, CommitsCounted, lambda event: replace(event, ranges=[[1, 29], [31, 45], [129, 200]]))
    found = one(events).commits
    assert (found.warned, found.warned_survived, found.lost) == (2, 1, 0)
    assert (found.indeterminate, found.refused_survived) == (2, 0)
    assert found.acknowledged == one(power_loss()).commits.acknowledged - 2
    totals = summarise([one(events)])["totals"]
    assert (totals["warned"], totals["lost"]) == (2, 0)


def test_ranges() -> None:
    assert to_ranges([5, 1, 2, 3, 3, 9]) == ((1, 3), (5, 5), (9, 9))
