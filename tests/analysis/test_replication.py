import pytest

from tuchanka.analysis.primaries import handovers
from tuchanka.analysis.replication import Redundancy, promoted, redundancy
from tuchanka.analysis.trial_record import Watched
from tuchanka.events import RoleProbe, Streaming

NODES = ("a", "b", "c")


def streaming(*seen: tuple[float, str, dict[str, str]]) -> Watched:
    return Watched("i", NODES, streaming=tuple(Streaming(t, "i", node, t, standbys) for t, node, standbys in seen))


ALL_OF_A = {"b": "streaming/async", "c": "streaming/async"}


def test_never_gone() -> None:
    assert redundancy(streaming((9.0, "a", {}), (11.0, "a", ALL_OF_A)), 10.0) == Redundancy(False, None, ())


def test_gone_until_every_standby_of_the_new_primary_streams() -> None:
    watched = streaming(
        (11.0, "b", {"c": "streaming/sync"}),
        (12.0, "b", {"c": "streaming/sync", "a": "catchup/async"}),
        (13.0, "b", {"c": "streaming/sync", "a": "streaming/potential"}),
        (14.0, "b", {"a": "streaming/potential"}),
        (15.0, "b", {"c": "streaming/sync", "a": "streaming/potential"}),
        (16.0, "b", {"c": "streaming/sync", "a": "streaming/potential"}),
    )
    assert redundancy(watched, 10.0) == Redundancy(True, 15.0, ())


def test_gone_while_there_is_no_primary() -> None:
    watched = streaming((10.5, "a", ALL_OF_A), (11.5, "a", ALL_OF_A), (19.0, "a", ALL_OF_A), (20.0, "a", ALL_OF_A))
    assert redundancy(watched, 10.0) == Redundancy(True, 19.0, ())


def test_gone_for_good_and_not_known() -> None:
    assert redundancy(streaming((11.0, "a", {"b": "streaming/async"})), 10.0) == Redundancy(True, None, ("c",))
    assert redundancy(streaming((9.0, "a", ALL_OF_A)), 10.0) is None


def probes(*of_c: tuple[float, int | None]) -> Watched:
    """A is primary until 10, B has 500 bytes and is primary from 12 on; C says what is given."""
    found = [RoleProbe(t + 0.01, "i", "a", t, "primary", lsn=500) for t in (9.0, 9.9)]
    found += [RoleProbe(t + 0.01, "i", "b", t, "standby", lsn=500) for t in (10.5, 11.5)]
    found += [RoleProbe(12.01, "i", "b", 12.0, "primary", lsn=600)]
    found += [RoleProbe(t + 0.01, "i", "c", t, "standby", lsn=lsn) for t, lsn in of_c]
    return Watched("i", NODES, probes=tuple(sorted(found, key=lambda one: one.due)))


@pytest.mark.parametrize(
    ("of_c", "behind"),
    [
        ([(11.0, 500)], {}),
        ([(11.0, 501)], {"c": 1}),
        ([(10.2, 700), (11.0, 501)], {"c": 200}),
        # Asked later than the promoted one, or while the old primary still sent: that proves nothing.
        ([(11.6, 501)], {}),
        ([(9.5, 501)], {}),
        ([(11.0, None)], {}),
    ],
)
def test_who_had_more(of_c: list[tuple[float, int | None]], behind: dict[str, int]) -> None:
    watched = probes(*of_c)
    (over,) = handovers(watched.probes, (), 9.95)
    assert promoted(watched, over, ()).behind == behind
    assert promoted(watched, over, ()).known
    # One that the fault hit may be cut off with what it has.
    assert promoted(watched, over, ("c",)).behind == {}
