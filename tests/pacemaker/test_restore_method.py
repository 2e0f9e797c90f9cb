"""Which way a failed copy is restored, and what is said about it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.errors import LabError
from tuchanka.postgres.controldata import ControlData, lsn
from tuchanka.postgres.wal import Log, Segment
from tuchanka.stacks.pacemaker.restore.method import Room, Seen, choose
from tuchanka.stacks.pacemaker.restore.plan import make_plan

GIB = 1 << 30
NODE = "tuchanka2a"
FORK = "0/5000048"
# The primary of timeline 1 until it lost its power; the other one went on as timeline 2.
DATA = ControlData("in production", 1, "0/4000028", system="7", traceable=True)
DIVERGED = Seen(
    instance="krogan2",
    node=NODE,
    primary="tuchanka2b",
    streaming=False,
    stack_running=False,
    data=DATA,
    primary_timeline=2,
    primary_position="0/6000100",
    history={1: FORK},
    primary_system="7",
    segments=(Segment(1, 4), Segment(1, 5)),
    log=Log("0/5000148", (("0/4000028", "0/4000028"), ("0/5000080", "0/5000050"))),
    primary_segments=(Segment(1, 4), Segment(2, 5), Segment(2, 6)),
    room=Room(data=GIB // 10, free=100 * GIB, primary=GIB // 10),
)
BEHIND = replace(DIVERGED, log=Log("0/5000010", (("0/4000028", "0/4000028"),)))


def actions(seen: Seen) -> list[str]:
    return [step.action for step in make_plan((seen,), NODE, force=False)]


def words(seen: Seen) -> str:
    return "\n".join(step.text for step in make_plan((seen,), NODE, force=False))


CHOICES = {
    "diverged": (DIVERGED, "rewind", "reaches 0/5000148, the primary left it at 0/5000048"),
    "a part of the past": (BEHIND, "restart", "part of the primary's history"),
    "the same timeline": (
        replace(BEHIND, primary_timeline=1, history={}, primary_segments=(Segment(1, 5), Segment(1, 6))),
        "restart",
        "16.0 MiB of log",
    ),
    "up to the parting": (
        replace(BEHIND, data=replace(DATA, position=FORK, state="shut down in recovery")),
        "restart",
        "left that timeline",
    ),
    "a record right at the divergence": (replace(DIVERGED, log=replace(DIVERGED.log, last=FORK)), "rewind", ""),
    "no data": (replace(DIVERGED, data=None), "base-backup", "no readable data"),
    "half rewound": (replace(DIVERGED, half_rewound=True), "base-backup", "did not come to its end"),
    "no checksums": (replace(DIVERGED, data=replace(DATA, traceable=False)), "base-backup", "wal_log_hints"),
    "no checkpoint left": (
        replace(DIVERGED, log=replace(DIVERGED.log, checkpoints=(("0/5000080", "0/5000050"),))),
        "base-backup",
        "no longer has a checkpoint",
    ),
    "own log gone": (replace(DIVERGED, segments=(Segment(1, 5),)), "base-backup", "no longer has a checkpoint"),
    "primary's log gone": (
        replace(DIVERGED, primary_segments=(Segment(2, 5), Segment(2, 6))),
        "base-backup",
        "the primary no longer has 000000010000000000000004",
    ),
    "primary's log gone for a restart": (
        replace(BEHIND, primary_segments=(Segment(2, 6),)),
        "base-backup",
        "the primary no longer has 000000010000000000000005",
    ),
    "rewind failed": (replace(DIVERGED, tried=frozenset({"rewind"})), "base-backup", "pg_rewind failed"),
    "restart failed": (replace(BEHIND, tried=frozenset({"restart"})), "base-backup", "after a mere restart"),
    "another database": (replace(DIVERGED, primary_system="8"), "base-backup", "nothing in common"),
}


@pytest.mark.parametrize(("seen", "method", "why"), CHOICES.values(), ids=CHOICES)
def test_the_choice_and_its_reason(seen: Seen, method: str, why: str):
    choice = choose(seen)
    assert choice.method == method
    assert why in choice.why


def test_a_crashed_primary_recovers_before_the_cluster_sees_it():
    assert actions(BEHIND) == ["restart", "recover", "forget-score", "clean-up", "start-cluster"]
    standby = replace(BEHIND, data=replace(DATA, state="in archive recovery"))
    assert actions(standby) == ["restart", "forget-score", "clean-up", "start-cluster"]


def test_what_is_kept_of_the_old_data():
    kept = ["keep-copy", "rewind", "forget-score", "clean-up", "start-cluster", "drop-old"]
    assert actions(DIVERGED) == kept
    big = replace(DIVERGED, room=Room(data=2 * GIB, free=100 * GIB, primary=2 * GIB))
    assert actions(big) == [step for step in kept if step not in {"keep-copy", "drop-old"}]
    assert "the old data is not kept" in words(big)
    again = replace(DIVERGED, kept=True)
    assert actions(again) == kept[1:]
    copied = replace(big, half_rewound=True)
    assert actions(copied)[0] == "base-backup"
    assert "the old data is kept" in words(copied)


def test_without_room_for_both_the_old_data_goes_first():
    tight = replace(DIVERGED, half_rewound=True, room=Room(data=2 * GIB, free=GIB, primary=2 * GIB))
    assert actions(tight) == ["delete-data", "base-backup", "forget-score", "clean-up", "start-cluster"]
    assert "the old data is not kept" in words(tight)
    with pytest.raises(LabError, match="make room first"):
        actions(replace(tight, room=Room(data=GIB, free=GIB, primary=2 * GIB)))


def test_the_others_keep_their_quorum():
    running = replace(BEHIND, stack_running=True)
    assert make_plan((running,), NODE, force=False, quorum_without=True)[0].action == "stop-cluster"
    with pytest.raises(LabError, match="lose their quorum"):
        make_plan((running,), NODE, force=False, quorum_without=False)
    assert actions(BEHIND) == [s.action for s in make_plan((BEHIND,), NODE, force=False, quorum_without=False)]


POSITIONS = st.integers(0, 8 << 24).map(lambda number: f"0/{number:X}")


@given(POSITIONS, POSITIONS, POSITIONS, st.sets(st.integers(0, 8)), st.sets(st.integers(0, 8)), st.booleans())
def test_data_that_diverged_is_never_merely_restarted(
    position: str, last: str, fork: str, own: set[int], theirs: set[int], traceable: bool
):
    seen = replace(
        DIVERGED,
        data=replace(DATA, position=position, traceable=traceable),
        log=replace(DIVERGED.log, last=last),
        history={1: fork},
        segments=tuple(Segment(1, number) for number in own),
        primary_segments=tuple(Segment(2, number) for number in theirs),
    )
    method = choose(seen).method
    diverged = lsn(position) > lsn(fork) or lsn(last) >= lsn(fork)
    assert not (diverged and method == "restart")
    assert not (method == "rewind" and not (diverged and traceable))
