"""How long writes and fresh reads were away: no outage may go unnoticed, and none is another's."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.analysis.forged import BACK, INJECTED, VIP, change, power_loss, standby_fault
from tests.analysis.judged import one
from tuchanka.events import Read, Write


def test_no_bad_read_means_no_read_reaction() -> None:
    verdict = one(change(standby_fault(), Read, lambda read: replace(read, ok=True, seq=9, age=0.1)))
    assert verdict.recovered
    assert verdict.service.read_reaction_s is None


def test_writes_that_are_only_warned_of_are_not_back() -> None:
    still = change(
        power_loss(), Write, lambda write: replace(write, outcome="warned") if BACK < write.due < 115 else write
    )
    verdict = one(still)
    assert verdict.service.reaction_s == pytest.approx(115 - INJECTED, abs=0.15)
    # They were answered, if not as they should be: no client was refused for longer.
    assert verdict.service.refused_s == pytest.approx(one(power_loss()).service.refused_s, abs=0.15)


def test_reads_that_go_back_are_counted_on_any_connection() -> None:
    # The VIP moves to a standby that has replayed less.
    def lagging(read: Read) -> Read:
        return replace(read, seq=read.seq - 9, connection=2) if read.due > 120 else read

    assert one(power_loss()).service.reads_back == 0
    assert one(change(power_loss(), Read, lagging)).service.reads_back == 1


def never_after(t: float) -> Callable[[Write], Write]:
    return lambda write: replace(write, outcome="refused") if write.due > t else write


def test_writes_never_came_back() -> None:
    verdict = one(change(power_loss(), Write, never_after(INJECTED)))
    assert verdict.service.reaction_s is None
    assert verdict.anatomy.seconds["first write"] is None
    assert "writes never came back" in verdict.problem


def test_writes_away_again_at_the_end() -> None:
    verdict = one(change(power_loss(), Write, never_after(128)))
    assert verdict.service.reaction_s == pytest.approx(BACK - INJECTED, abs=0.05)
    assert verdict.service.later_outages == 1
    assert "writes were away at the end" in verdict.problem


def test_an_outage_twice_counts_to_its_last_end() -> None:
    verdict = one(
        change(
            power_loss(),
            Write,
            lambda write: replace(write, outcome="indeterminate") if 115 < write.due < 116 else write,
        )
    )
    assert verdict.service.outages == 2
    assert verdict.service.reaction_s == pytest.approx(116.0 - INJECTED, abs=0.15)


def test_an_outage_during_the_repair_is_not_the_reaction_but_is_counted() -> None:
    verdict = one(
        change(
            power_loss(), Write, lambda write: replace(write, outcome="refused") if 124 < write.due < 125 else write
        )
    )
    assert verdict.service.reaction_s == pytest.approx(BACK - INJECTED, abs=0.05)
    assert (verdict.service.outages, verdict.service.later_outages) == (1, 1)


def test_a_beat_given_up_late_before_the_fault_is_not_the_faults() -> None:
    late = change(
        standby_fault(),
        Write,
        lambda write: replace(write, t=INJECTED + 0.1, outcome="indeterminate") if write.seq == 40 else write,
    )
    assert one(late).service.reaction_s is None


def test_reads_stale_for_long() -> None:
    # The standby VIP answers all the time, from a standby that stays where it was for ten seconds more.
    verdict = one(
        change(power_loss(), Read, lambda read: replace(read, seq=45, age=read.t - 105) if read.due < 117 else read)
    )
    assert verdict.service.read_reaction_s == pytest.approx(117 - INJECTED, abs=0.15)
    assert verdict.service.stale_reads == pytest.approx(120, abs=2)
    assert verdict.service.oldest_read_s == pytest.approx(12, abs=0.2)


def test_reads_that_stop_at_the_first_new_row_are_stale_too() -> None:
    stuck = change(
        power_loss(), Read, lambda read: replace(read, seq=130, age=read.t - 113.4) if read.due > 114.6 else read
    )
    verdict = one(stuck)
    assert verdict.service.read_reaction_s is None
    assert f"fresh reads through {VIP} never came back" in verdict.problem


def test_the_worst_vip_counts() -> None:
    events = power_loss()
    second = [
        replace(event, vip="krogan2s2", seq=45) for event in events if isinstance(event, Read) and event.due < 116
    ]
    second += [replace(event, vip="krogan2s2") for event in events if isinstance(event, Read) and event.due >= 116]
    verdict = one([*events, *second])
    assert set(verdict.service.read_reactions) == {VIP, "krogan2s2"}
    assert verdict.service.read_reaction_s == verdict.service.read_reactions["krogan2s2"]


def test_a_vip_that_nobody_could_read_after_the_fault() -> None:
    verdict = one(change(power_loss(), Read, lambda read: None if read.due > INJECTED else read))
    assert not verdict.recovered
