"""Stand-ins until the modules that they stand for are merged."""

from tuchanka.timing.predict import predict_power_off
from tuchanka.timing.types import Prediction, Timing


def predict(timing: Timing, fault: str) -> Prediction | None:
    """Stand in for ``timing.predict.predict``."""
    return predict_power_off(timing) if fault == "power-off" else None
