"""What a fault predicts, as phases of this stack: which arithmetic each shape of a reaction has. Pure."""

from collections.abc import Callable, Mapping

from tuchanka.prediction import Phase, Prediction, Reaction
from tuchanka.stacks.pacemaker.timing.predict import (
    crash,
    failover,
    failover_without_device,
    given_up,
    hang,
    left,
    left_late,
    moved,
    pacemakerd_frozen,
    pacemakerd_killed,
    stuck,
    unfed,
    unnoticed,
)
from tuchanka.stacks.pacemaker.timing.types import Timing

PHASES: Mapping[Reaction, Callable[[Timing], tuple[Phase, ...] | None]] = {
    "failover": failover,
    "failover without device": failover_without_device,
    "self-fence": unfed,
    "failed stop": given_up,
    "stuck stop": stuck,
    "move": moved,
    "crash": crash,
    "hang": hang,
    "controller lost": left,
    "controller hung": left_late,
    "daemon lost": unnoticed,
    "daemon hung": unnoticed,
    "supervisor lost": pacemakerd_killed,
    "supervisor hung": pacemakerd_frozen,
    "unnoticed": unnoticed,
}
"""Reaction → its phases; an empty tuple: no client should notice; ``None``: nothing can be said."""


def predict(timing: Timing, reaction: Reaction) -> Prediction | None:
    """Predict the reaction to a fault of the primary's node; ``None`` where nothing can be said."""
    phases = PHASES[reaction](timing)
    return None if phases is None else Prediction(reaction, phases)


def predict_all(timing: Timing, reactions: Mapping[str, Reaction]) -> dict[str, Prediction]:
    """Predict the reaction to every fault of which something can be said, from what each makes of the node."""
    predictions = {fault: predict(timing, reaction) for fault, reaction in reactions.items()}
    return {fault: one for fault, one in predictions.items() if one is not None}
