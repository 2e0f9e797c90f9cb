from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.forged import BACK, INJECTED, INSTANCE, VIP, power_loss
from tuchanka.analysis.outages import FRESH_S
from tuchanka.campaign.service_watch import STABLE_S, STEADY_BEATS, ServiceWatch, missing, stable
from tuchanka.campaign.service_watch import steady as is_steady
from tuchanka.events import Read, Write


def write(seq: int, t: float = 0.0, outcome: str = "acknowledged", instance: str = INSTANCE) -> Write:
    return Write(t or seq / 10, instance, seq, seq / 10, seq / 10, outcome)  # type: ignore[arg-type]


def read(t: float, *, ok: bool = True, age: float = 0.1, vip: str = VIP) -> Read:
    return Read(t, INSTANCE, vip, t, ok=ok, seq=1, age=age)


def new() -> ServiceWatch:
    return ServiceWatch(INSTANCE, (VIP,))


def steady() -> ServiceWatch:
    watch = new()
    for seq in range(1, STEADY_BEATS + 1):
        watch.feed(write(seq))
    watch.feed(read(1.0))
    return watch


def test_steady_takes_enough_beats_in_a_row_and_every_reader():
    watch = new()
    for seq in range(1, STEADY_BEATS + 1):
        assert not watch.steady
        watch.feed(write(seq))
    assert not watch.steady
    assert VIP in watch.missing()
    watch.feed(read(1.0))
    assert watch.steady
    watch.feed(write(STEADY_BEATS + 1, outcome="refused"))
    assert not watch.steady


def test_the_events_of_other_instances_are_not_ours():
    watch = new()
    for seq in range(1, STEADY_BEATS + 1):
        watch.feed(write(seq, instance="krogan4"))
    assert (watch.good_beats, watch.resolved_up_to) == (0, 0)


def test_stable_counts_from_the_last_bad_beat():
    watch = steady()
    assert not watch.stable(1.0 + STABLE_S - 0.01)
    assert watch.stable(1.0 + STABLE_S)
    watch.feed(write(21, 10.0, "indeterminate"))
    assert not watch.stable(20.0)
    watch.feed(write(22, 11.0))
    watch.feed(write(23, 13.0))
    assert not watch.stable(11.0 + STABLE_S - 0.01)
    assert watch.stable(11.0 + STABLE_S)


def test_an_old_read_is_no_read():
    watch = steady()
    for bad in (read(2.0, ok=False), read(2.0, age=FRESH_S + 0.01)):
        watch.feed(bad)
        assert not watch.stable(100.0)
        assert VIP in watch.missing()
        watch.feed(read(3.0, age=FRESH_S))
        assert watch.stable(100.0)
        assert watch.missing() == "not stable yet"


@given(st.permutations(range(1, 12)), st.integers(0, 11))
def test_resolved_is_every_beat_before_the_first_that_is_still_open(order: list[int], known: int):
    watch = new()
    for seq in order[:known]:
        watch.feed(write(seq))
    heard = set(order[:known])
    assert watch.resolved_up_to == next(seq for seq in range(12) if seq + 1 not in heard)


def test_a_whole_power_loss():
    watch = new()
    for event in power_loss():
        if event.t > INJECTED - 1 and event.t < INJECTED:
            assert watch.steady
        watch.feed(event)
    # Answers come out of order: the last refusal of the outage is heard when writes are back already.
    assert BACK <= (watch.good_since[""] or 0) <= BACK + 1.1
    assert watch.resolved_up_to == 300
    assert watch.stable(150.0)


def test_reads_through_every_vip_count():
    watch = ServiceWatch(INSTANCE, (VIP, "krogan2s2"))
    watch.feed(write(1))
    watch.feed(read(1.0))
    assert not watch.stable(100.0)
    watch.feed(replace(read(1.0), vip="krogan2s2"))
    assert watch.stable(100.0)


def test_several_instances_are_good_when_each_is():
    other = ServiceWatch("krogan2b", ())
    good = steady()
    assert not is_steady([good, other])
    assert not stable([good, other], 100.0)
    assert missing([good, other]) == "krogan2b: no writes"
    for seq in range(1, STEADY_BEATS + 1):
        other.feed(write(seq, instance="krogan2b"))
    assert is_steady([good, other])
    assert stable([good, other], 100.0)
    assert missing([good, other]) == "not stable yet"
