import pytest

from tuchanka.analysis.outages import outages, waits
from tuchanka.analysis.primaries import handovers
from tuchanka.events import MachineStopped, RoleProbe, Write

A, B = "a", "b"


def probe(node: str, due: float, role: str, took: float = 0.01, *, closed: bool = False) -> RoleProbe:
    return RoleProbe(due + took, "i", node, due, role, closed=closed)  # type: ignore[arg-type]


def moved(*old: RoleProbe, at: float) -> tuple[RoleProbe, ...]:
    """A is primary until 10, B from ``at`` on; ``old`` is what A says in between."""
    of_a = [probe(A, t / 10, "primary") for t in range(90, 101)]
    of_b = [probe(B, t / 10, "standby" if t / 10 < at else "primary") for t in range(90, 200)]
    return (*of_a, *old, *of_b)


def test_one_that_closed_its_door_ended_in_between() -> None:
    (over,) = handovers(moved(probe(A, 10.1, "unreachable", closed=True), at=12.0), (), 10.0)
    assert (over.old, over.new) == (A, B)
    assert over.margin_s == pytest.approx(1.99)
    assert over.least_s == pytest.approx(11.9 - 10.11)
    assert over.most_s == pytest.approx(12.01 - 10.01)


def test_one_that_says_it_is_a_standby_has_ended() -> None:
    (over,) = handovers(moved(probe(A, 11.0, "standby"), at=12.0), (), 10.0)
    assert over.least_s == pytest.approx(11.9 - 11.01)


def test_a_silent_one_ended_with_its_machine() -> None:
    silence = probe(A, 10.1, "unreachable", 1.0)
    (over,) = handovers(moved(silence, at=17.0), (MachineStopped(14.5, A, "watchdog"),), 10.0)
    assert over.margin_s == pytest.approx(2.5)
    (over,) = handovers(moved(silence, at=17.0), (MachineStopped(17.5, A, "watchdog"),), 10.0)
    assert over.margin_s == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("thawed", "margin"),
    [
        pytest.param(None, 6.8, id="killed while it was frozen"),
        pytest.param(19.9, -0.1, id="went on for a moment"),
        pytest.param(16.0, -3.0, id="went on before the other began"),
    ],
)
def test_a_frozen_machine_accepts_nothing(thawed: float | None, margin: float) -> None:
    stop = MachineStopped(20.0, A, "ended", frozen=10.2, thawed=thawed)
    (over,) = handovers(moved(probe(A, 10.1, "unreachable", 1.0), at=17.0), (stop,), 10.0)
    assert over.margin_s == pytest.approx(margin)


def test_of_a_silent_one_that_nobody_saw_stop_nothing_is_known() -> None:
    silence = probe(A, 10.1, "unreachable", 1.0)
    for stops in ((), (MachineStopped(14.0, B, "watchdog"),), (MachineStopped(5.0, A, "reset"),)):
        (over,) = handovers(moved(silence, at=17.0), stops, 10.0)
        assert over.least_s is None
        assert over.most_s == pytest.approx(7.0)


def test_a_door_that_closes_after_the_new_one_began_says_nothing() -> None:
    late = probe(A, 18.0, "unreachable", closed=True)
    (over,) = handovers(moved(late, at=17.0), (), 10.0)
    assert over.least_s is None


def test_a_machine_that_shut_down_in_order_had_ended_before() -> None:
    closed = probe(A, 10.2, "unreachable", closed=True)
    (over,) = handovers(moved(closed, at=11.0), (MachineStopped(13.0, A, "ended"),), 10.0)
    assert over.margin_s > 0


def test_the_role_that_stays_is_no_handover() -> None:
    back = [probe(A, t / 10, "primary") for t in range(120, 140)]
    assert handovers((*(probe(A, 9.9, "primary"), probe(A, 10.0, "unreachable")), *back), (), 10.0) == ()
    assert handovers(moved(at=12.0), (), 12.5) == ()


def test_refused_at_once_or_left_waiting() -> None:
    took = [0.01] * 5 + [1.0] * 10 + [0.02] * 20 + [0.01] * 5
    good = [*range(5), *range(35, 40)]
    writes = tuple(
        Write(seq / 10 + wait, "i", seq, seq / 10, seq / 10, "acknowledged" if seq in good else "refused")
        for seq, wait in enumerate(took)
    )
    found = waits(writes, outages(writes))
    assert (found.refused_s, found.hanging_s) == (pytest.approx(2.0), pytest.approx(1.0))
    assert waits(writes, ()) == type(found)(0.0, 0.0)
