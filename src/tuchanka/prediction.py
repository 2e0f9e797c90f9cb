"""A predicted reaction: its phases, one after the other. Made by a stack's timing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phase:
    """One step between a fault and the first write: its name, how long it lasts, and the rule it comes from."""

    name: str
    seconds: float
    rule: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predicted reaction to a fault: its phases, one after the other."""

    fault: str
    phases: tuple[Phase, ...]

    @property
    def seconds(self) -> float:
        """The whole reaction in seconds."""
        return sum(phase.seconds for phase in self.phases)
