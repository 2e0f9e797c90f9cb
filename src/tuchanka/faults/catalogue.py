"""Every fault, by its name: found in the modules of the families' folders, so that a new one is in no list.

A family's ``__init__`` keeps what its faults share. Each module beside it has ``FAULTS``: one, or several that are
one idea. Its page has its name: ``docs/faults/FAMILY/NAME.md``.
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import get_args

from tuchanka.faults.fault import Family, Fault
from tuchanka.prediction import Reaction


def _modules() -> Iterator[tuple[str, tuple[Fault, ...]]]:
    """Yield the page of each module, without its folder, and its faults: family by family, by name."""
    for family in get_args(Family):
        package = import_module(f"tuchanka.faults.{family}")
        for name in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
            faults: tuple[Fault, ...] = import_module(f"{package.__name__}.{name}").FAULTS
            yield f"{family}/{name.replace('_', '-')}.md", faults


PAGES: dict[str, tuple[Fault, ...]] = dict(_modules())
"""Page below ``docs/faults`` → the faults that it is about."""

CATALOGUE: dict[str, Fault] = {fault.name: fault for faults in PAGES.values() for fault in faults}

REACTIONS: dict[str, Reaction] = {
    fault.name: reaction
    for reaction in get_args(Reaction)
    for fault in CATALOGUE.values()
    if fault.predicts == reaction
}
"""Fault → what it makes of the primary's node, for those of which that can be said; like beside like."""
