"""A data directory can't be written."""

from tuchanka.faults.fault import Fault, HealRank
from tuchanka.faults.storage import NEEDS, heal, on_data

FAULTS = (
    Fault(
        name="pgdata-read-only",
        family="storage",
        scope="node",
        needs=NEEDS,
        does="makes every file and folder of the data directory immutable",
        expect="the server's next write fails; no more can the primary's monitor write, and it moves elsewhere",
        proves="that storage which refuses to write is noticed, also by a server that could still read",
        apply=on_data('chattr -R +i "$@"'),
        heal=heal,
        heal_rank=HealRank.DATA,
        predicts="move",
    ),
)
