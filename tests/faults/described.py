"""A fault that does nothing."""

from tuchanka.faults.fault import Fault, Scene, Scope


async def apply(scene: Scene) -> float:
    del scene
    return 0.0


async def heal(scene: Scene) -> None:
    del scene


def described(scope: Scope) -> Fault:
    return Fault("nothing", "power", scope, (), "does nothing", "nothing", "nothing", apply, heal)
