"""A data directory is removed."""

from tuchanka.faults.fault import Fault, HealRank
from tuchanka.faults.storage import NEEDS, heal, on_data

FAULTS = (
    Fault(
        name="pgdata-lost",
        family="storage",
        scope="node",
        needs=NEEDS,
        does="removes the data directory while the server runs",
        expect="the primary's monitor can't write there, and the primary moves to another node",
        proves="that a primary without data is given up, and a node without any can be restored",
        apply=on_data('rm -rf "$@"'),
        heal=heal,
        heal_rank=HealRank.DATA,
        predicts="move",
    ),
)
