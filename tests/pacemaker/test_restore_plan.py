"""What a restore may destroy, and what it must not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.errors import LabError, RestoreRefused
from tuchanka.postgres.controldata import ControlData
from tuchanka.stacks.pacemaker.restore.method import Room, Seen
from tuchanka.stacks.pacemaker.restore.plan import make_plan

NODE = "tuchanka2a"
# After a failover: the node was the primary of timeline 1, and wrote 0x100 bytes more than the new one received.
LOST = Seen(
    instance="krogan2",
    node=NODE,
    primary="tuchanka2b",
    streaming=False,
    stack_running=False,
    data=ControlData("in production", 1, "0/5000148"),
    primary_timeline=2,
    primary_position="0/6000000",
    history={1: "0/5000048"},
)
STREAMS = replace(LOST, streaming=True, stack_running=True)
SECOND = replace(LOST, instance="krogan3")


def actions(*seen: Seen, force: bool = False) -> list[tuple[str, str]]:
    return [(step.action, step.instance) for step in make_plan(seen, NODE, force=force)]


def data(timeline: int, position: str) -> Seen:
    return replace(LOST, data=ControlData("shut down", timeline, position))


UNEXPLAINED = {
    "newer timeline": data(3, "0/1"),
    "same timeline, ahead": data(2, "0/6000001"),
    "same timeline, ahead by more digits": data(2, "0/10000000"),
    "unrelated timeline": replace(data(1, "0/1"), primary_timeline=3, history={2: "0/5000048"}),
}
EXPLAINED = {
    "after the failover": LOST,
    "same timeline, behind": data(2, "0/5FFFFFF"),
    "same timeline, level": data(2, "0/6000000"),
    "no data": replace(LOST, data=None),
}


def test_nothing_to_do_where_it_streams():
    assert make_plan((STREAMS,), NODE, force=False) == ()
    assert make_plan((STREAMS,), NODE, force=True) == ()


def test_the_steps_and_their_order():
    copy = [("base-backup", "krogan2"), ("forget-score", "krogan2"), ("clean-up", "krogan2")]
    end = [("start-cluster", ""), ("drop-old", "krogan2")]
    assert actions(LOST) == [*copy, *end]
    assert actions(replace(LOST, stack_running=True)) == [("stop-cluster", ""), *copy, *end]
    assert actions(replace(LOST, server_runs=True))[0] == ("stop-server", "krogan2")


def test_only_what_is_broken_is_copied():
    running = replace(SECOND, stack_running=True)
    found = actions(STREAMS, running)
    assert found[0] == ("stop-cluster", "")
    assert {instance for _, instance in found[1:]} == {"krogan3", ""}
    assert [instance for action, instance in actions(LOST, SECOND) if action == "base-backup"] == [
        "krogan2",
        "krogan3",
    ]


def test_the_words_say_what_is_discarded():
    def words(seen: Seen) -> str:
        return next(step.text for step in make_plan((seen,), NODE, force=True) if step.action == "base-backup")

    assert "copy the data from tuchanka2b" in words(LOST)
    assert "at least 256 bytes" in words(LOST)
    assert "after 0/5000048" in words(LOST)
    assert "no data" in words(EXPLAINED["no data"])
    assert "replaces its data of timeline 2" in words(EXPLAINED["same timeline, behind"])
    assert "replaces its data of timeline 1" in words(data(1, "0/5000048"))


@pytest.mark.parametrize("seen", EXPLAINED.values(), ids=EXPLAINED)
def test_explained_data_is_replaced(seen: Seen):
    assert ("base-backup", "krogan2") in actions(seen)


@pytest.mark.parametrize("seen", UNEXPLAINED.values(), ids=UNEXPLAINED)
def test_unexplained_data_is_kept_unless_forced(seen: Seen):
    with pytest.raises(RestoreRefused, match=r"^tuchanka2a: krogan2: .*only copy.*; save .*--force$"):
        make_plan((seen,), NODE, force=False)
    assert ("base-backup", "krogan2") in actions(seen, force=True)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("other", [(), (SECOND,), (STREAMS,)])
def test_the_primary_is_never_touched(force: bool, other: tuple[Seen, ...]):
    held = replace(LOST, instance="krogan1a", primary=NODE, stack_running=True)
    with pytest.raises(RestoreRefused, match="holds the primary of krogan1a; switch it over first"):
        make_plan((*other, held), NODE, force=force)


@pytest.mark.parametrize("force", [False, True])
def test_without_a_primary_there_is_nothing_to_copy(force: bool):
    with pytest.raises(LabError, match="krogan2 has no primary"):
        make_plan((replace(LOST, primary=None),), NODE, force=force)


METHODS = ("restart", "rewind", "base-backup")
# Half of them are few and small, so that equal ones meet.
POSITIONS = st.sampled_from(["0/0", "0/5000048", "1/0"]) | st.builds(
    "{:X}/{:X}".format, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)
)
ANYTHING = st.builds(
    Seen,
    instance=st.sampled_from(["krogan1a", "krogan1b"]),
    node=st.just(NODE),
    primary=st.sampled_from([None, NODE, "tuchanka2b"]),
    streaming=st.booleans(),
    stack_running=st.booleans(),
    data=st.none() | st.builds(ControlData, st.just("in production"), st.integers(1, 4), POSITIONS),
    primary_timeline=st.integers(1, 4),
    primary_position=POSITIONS,
    history=st.dictionaries(st.integers(1, 3), POSITIONS),
)


@given(st.lists(ANYTHING, min_size=1, max_size=3).map(tuple), st.booleans())
def test_whatever_is_seen_the_primary_and_what_streams_are_left_alone(seen: tuple[Seen, ...], force: bool):
    try:
        steps = make_plan(seen, NODE, force=force)
    except (LabError, RestoreRefused):
        return
    restored = [step.instance for step in steps if step.action in METHODS]
    assert all(one.primary != NODE for one in seen)
    assert restored == [one.instance for one in seen if not one.streaming]
    assert bool(steps) == bool(restored)
    assert {step.action for step in steps if step.instance} <= {
        *METHODS,
        "recover",
        "delete-data",
        "keep-copy",
        "forget-score",
        "clean-up",
        "drop-old",
    }


def test_a_copy_that_was_given_up_is_restored_beside_a_primary_of_another_instance():
    broken = replace(LOST, data=None, stack_running=True, room=Room(free=3 << 30, primary=1 << 30))
    steps = make_plan((broken,), NODE, force=False, primaries=["krogan3"], given_up=["krogan2"])
    assert [step.action for step in steps] == ["base-backup", "forget-score", "clean-up"]
    own = replace(LOST, instance="krogan3", primary=NODE, stack_running=True)
    assert make_plan((broken, own), NODE, force=False, given_up=["krogan2"]) == steps


def test_a_copy_of_unknown_size_does_not_fill_the_disk_of_another_instances_primary():
    broken = replace(LOST, data=None, stack_running=True, room=Room(free=3 << 30))
    with pytest.raises(RestoreRefused, match=r"how much its data takes is not known.*krogan3; .*--force$"):
        make_plan((broken,), NODE, force=False, primaries=["krogan3"], given_up=["krogan2"])
    forced = make_plan((broken,), NODE, force=True, primaries=["krogan3"], given_up=["krogan2"])
    assert "base-backup" in [step.action for step in forced]
    # Where the node holds no primary, a disk that turns out to be full harms nobody.
    assert ("base-backup", "krogan2") in actions(replace(broken, stack_running=False))


@pytest.mark.parametrize(
    ("primaries", "given_up", "runs"),
    [(["krogan3"], [], False), (["krogan3"], ["krogan2"], True), (["krogan2"], ["krogan2"], False)],
)
def test_what_pacemaker_may_start_or_runs_is_not_restored_beside_a_primary(
    primaries: list[str], given_up: list[str], *, runs: bool
):
    broken = replace(LOST, stack_running=True, server_runs=runs)
    with pytest.raises(RestoreRefused, match="holds the primary"):
        make_plan((broken,), NODE, force=False, primaries=primaries, given_up=given_up)
