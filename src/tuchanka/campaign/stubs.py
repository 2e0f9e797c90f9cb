"""Stand-ins until the modules that they stand for are merged."""

from collections.abc import Collection

from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.fault import Scene
from tuchanka.lab.lab import Lab
from tuchanka.timing.predict import predict_power_off
from tuchanka.timing.types import Prediction, Timing


async def heal_all(lab: Lab, targets: Collection[str] | None = None, *, power: bool = True) -> None:
    """Stand in for ``faults.heal.heal_all``."""
    made = [one.name for one in lab.topology.machines if lab.machine(one.name).snapshots()]
    names = made if targets is None else [name for name in made if name in targets]
    for fault in CATALOGUE.values() if power else ():
        await fault.heal(Scene(lab, "lab", tuple(lab.machine(name) for name in names)))


def predict(timing: Timing, fault: str) -> Prediction | None:
    """Stand in for ``timing.predict.predict``."""
    return predict_power_off(timing) if fault == "power-off" else None
