"""What an archive changes of the way a failed copy is restored, and what is said about it."""

from dataclasses import replace

import pytest

from tests.pacemaker.test_restore_method import BEHIND, DIVERGED, NODE
from tuchanka.archive.seen import ArchiveSeen
from tuchanka.postgres.wal import Segment
from tuchanka.stacks.pacemaker.restore.attempts import Standby, StreamingWatch
from tuchanka.stacks.pacemaker.restore.method import Seen, choose
from tuchanka.stacks.pacemaker.restore.plan import make_plan

ARCHIVE = ArchiveSeen(
    frozenset({Segment(1, 3), Segment(1, 4), Segment(2, 5)}), backup="20261127-191051F", begins=Segment(1, 3)
)
SILENT = ArchiveSeen(problem="the store had not answered after 15 s")
LATE = replace(BEHIND, primary_segments=(Segment(2, 6),), archive=ARCHIVE)
GONE = replace(DIVERGED, primary_segments=(Segment(2, 5), Segment(2, 6)), archive=ARCHIVE)
NO_CHECKPOINT = replace(DIVERGED, log=replace(DIVERGED.log, checkpoints=()), archive=ARCHIVE)

CHOICES = {
    "behind, the primary has it": (replace(BEHIND, archive=ARCHIVE), "restart", "have to be caught up"),
    "behind, the archive has it": (
        LATE,
        "restart",
        "the archive has what the primary no longer has (000000010000000000000005 and on)",
    ),
    "behind, nobody has it": (
        replace(LATE, archive=replace(ARCHIVE, segments=frozenset())),
        "base-backup",
        "neither the primary nor the archive has 000000010000000000000005 of its log; the archive lacks",
    ),
    "behind, the archive is silent": (
        replace(LATE, archive=SILENT),
        "base-backup",
        "nor the archive (the store had not answered after 15 s) has",
    ),
    "diverged, the archive has the log": (GONE, "rewind", "the archive has the log since the checkpoint before that"),
    "diverged, no checkpoint": (
        NO_CHECKPOINT,
        "delta",
        "the archive has the backup 20261127-191051F and the 48.0 MiB",
    ),
    "diverged, more log than data": (
        replace(NO_CHECKPOINT, room=replace(DIVERGED.room, data=1 << 20)),
        "base-backup",
        "since the archive's last backup 48.0 MiB of log were written",
    ),
    "diverged, no backup": (
        replace(NO_CHECKPOINT, archive=replace(ARCHIVE, backup="")),
        "base-backup",
        "the archive has no backup",
    ),
    "the delta restore failed": (replace(NO_CHECKPOINT, tried=frozenset({"delta"})), "base-backup", "checkpoint"),
    "a gap after the backup": (
        replace(NO_CHECKPOINT, archive=replace(ARCHIVE, segments=frozenset({Segment(1, 4)}))),
        "base-backup",
        "the archive lacks 000000010000000000000003 after its last backup",
    ),
}


@pytest.mark.parametrize(("seen", "method", "why"), CHOICES.values(), ids=CHOICES)
def test_the_choice_and_its_reason(seen: Seen, method: str, why: str):
    choice = choose(seen)
    assert choice.method == method
    assert why in choice.why


def test_a_delta_restore_keeps_a_copy_of_what_it_changes():
    steps = make_plan((NO_CHECKPOINT,), NODE, force=False)
    assert [step.action for step in steps] == [
        *("keep-copy", "delta", "forget-score", "clean-up", "start-cluster", "drop-old")
    ]
    assert "change the data to that of the archive's last backup (discards at least 256 bytes" in steps[1].text


def test_one_that_gets_on_without_streaming_is_not_given_up():
    watch = StreamingWatch()
    for second in range(60):
        watch.look(float(second), {"k": Standby(streams=False, answers=True, failed=False, position=f"0/{second}")})
    assert (watch.waiting, watch.hopeless) == (["k"], [])
    for second in range(60, 81):
        watch.look(float(second), {"k": Standby(streams=False, answers=True, failed=False, position="0/59")})
    assert watch.hopeless == ["k"]
