"""The room for a copy, where the node that makes it can't learn how much the primary's data takes."""

from dataclasses import replace

from tests.pacemaker.test_restore_node import Copy, on_the_node
from tuchanka.stacks.pacemaker.restore.plan import RestoreStep

FULL = Copy(half_rewound=True, size=100 << 20, free=1 << 20)


def test_a_node_takes_its_own_copys_size_for_the_primarys():
    assert "its data takes about 100.0 MiB, 101.0 MiB can be had; make room" in str(on_the_node(FULL, force=False))
    tight = on_the_node(replace(FULL, free=300 << 20), force=False)
    assert [step.action for step in tight if isinstance(step, RestoreStep)][:2] == ["delete-data", "base-backup"]


def test_data_that_can_not_be_read_says_nothing_of_the_primarys_size():
    steps = on_the_node(replace(FULL, readable=False), force=False)
    assert next(step.action for step in steps if isinstance(step, RestoreStep)) == "base-backup"
