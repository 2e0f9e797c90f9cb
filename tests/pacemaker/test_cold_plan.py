"""Which copy goes first where nothing serves."""

from hypothesis import given
from hypothesis import strategies as st

from tuchanka.postgres.controldata import ControlData
from tuchanka.postgres.wal import Log
from tuchanka.stacks.pacemaker.restore.cold_plan import Found, cold_steps, make_cold_plan
from tuchanka.topology.load import load

TOPOLOGY = load(None)
ONE, TWO, FOUR = (TOPOLOGY.cluster(name) for name in ("tuchanka1", "tuchanka2", "tuchanka4"))


def at(timeline: int, position: str, *, state: str = "in archive recovery", last: str = "") -> Found:
    return Found(ControlData(state, timeline, position), Log(last))


def test_a_newer_timeline_counts_more_than_any_position():
    found = {("krogan2", "tuchanka2a"): at(1, "0/9000000"), ("krogan2", "tuchanka2b"): at(2, "0/5000000")}
    plan = make_cold_plan(TWO, found)
    assert plan.best == {"krogan2": "tuchanka2b"}
    assert plan.start == ("tuchanka2b",)
    assert "tuchanka2a is on the older timeline 1" in plan.why["krogan2"]


def test_on_one_timeline_the_end_of_the_log_counts():
    found = {
        ("krogan2", "tuchanka2a"): at(2, "0/5000000", state="in production", last="0/5000100"),
        ("krogan2", "tuchanka2b"): at(2, "0/5000050"),
    }
    plan = make_cold_plan(TWO, found)
    assert (plan.best["krogan2"], plan.recover) == ("tuchanka2a", (("krogan2", "tuchanka2a"),))
    assert [step.action for step in cold_steps(plan)] == ["first", "recover", "start-cluster"]
    assert "tuchanka2b is 176 B behind" in plan.why["krogan2"]


def test_of_equal_copies_the_home_goes_first_and_all_are_started():
    found = {("krogan2", node): at(2, "0/5000000") for node in ("tuchanka2a", "tuchanka2b")}
    plan = make_cold_plan(TWO, found)
    assert (plan.best["krogan2"], plan.start) == ("tuchanka2a", ("tuchanka2a", "tuchanka2b"))


def test_each_instance_has_its_own_best():
    found = {
        ("krogan1a", "tuchanka1a"): at(3, "0/1"),
        ("krogan1a", "tuchanka1b"): at(2, "0/9"),
        ("krogan1b", "tuchanka1a"): at(2, "0/9"),
        ("krogan1b", "tuchanka1b"): at(3, "0/1"),
    }
    plan = make_cold_plan(ONE, found)
    assert plan.best == {"krogan1a": "tuchanka1a", "krogan1b": "tuchanka1b"}
    assert set(plan.start) == {"tuchanka1a", "tuchanka1b"}


COPIES = st.none() | st.tuples(st.integers(1, 3), st.integers(0, 99))


@given(st.tuples(COPIES, COPIES, COPIES, COPIES).filter(any))
def test_nothing_is_further_than_the_best_and_there_is_quorum(copies: tuple[tuple[int, int] | None, ...]):
    found = {
        ("krogan4", node.name): at(copy[0], f"0/{copy[1]:X}") if copy else Found()
        for node, copy in zip(FOUR.nodes, copies, strict=True)
    }
    plan = make_cold_plan(FOUR, found)
    best = found["krogan4", plan.best["krogan4"]].reached
    assert all(one.reached <= best for one in found.values())
    assert plan.best["krogan4"] in plan.start
    assert len(plan.start) + 1 > (len(FOUR.nodes) + 1) / 2
    assert {node for (_, node), one in found.items() if one.reached == best} <= set(plan.start)
