"""The catalogue finds every fault, and each has what is its own."""

import ast
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import get_args

import pytest

from tuchanka.analysis.checks.catalogue import EXAMINERS
from tuchanka.faults.catalogue import CATALOGUE, PAGES
from tuchanka.faults.fault import Family, Fault
from tuchanka.faults.fencing import restore_bmcs, restore_watchdogs
from tuchanka.faults.network import reconnect
from tuchanka.faults.power import lose_bmcs
from tuchanka.providers import base

FOLDER = Path(import_module("tuchanka.faults").__path__[0])


def test_every_module_of_a_family_is_found_in_an_order_that_never_changes():
    files = {f"{file.parent.name}/{file.stem.replace('_', '-')}.md" for file in FOLDER.glob("*/*.py")}
    modules = {name for name in files if name.split("/")[0] in get_args(Family) and not name.endswith("init--.md")}
    assert set(PAGES) == modules
    assert list(PAGES) == sorted(PAGES, key=lambda page: (get_args(Family).index(page.split("/")[0]), page[:-3]))


def test_every_fault_has_a_name_of_its_own_and_is_in_its_family_s_folder():
    assert sum(len(faults) for faults in PAGES.values()) == len(CATALOGUE)
    for page, faults in PAGES.items():
        assert faults, page
        assert {fault.family for fault in faults} == {page.split("/")[0]}


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=lambda fault: fault.name)
def test_what_a_fault_names_exists(fault: Fault):
    assert set(fault.exempt) <= {one.name for one in EXAMINERS}
    assert all(hasattr(base, capability) for capability in fault.needs)


def verbs(work: object, seen: set[object]) -> set[str]:
    """Name everything that a function calls or reads, and those that it calls in the faults' folder."""
    if not isinstance(work, FunctionType) or work in seen or not work.__module__.startswith("tuchanka.faults"):
        return set()
    seen.add(work)
    codes, names = [work.__code__], set[str]()
    while codes:
        code = codes.pop()
        names |= set(code.co_names)
        codes += [one for one in code.co_consts if isinstance(one, CodeType)]
    cells = [cell.cell_contents for cell in work.__closure__ or ()]
    called = [work.__globals__[name] for name in names if name in work.__globals__]
    return names.union(*(verbs(one, seen) for one in [*cells, *called]))


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=lambda fault: fault.name)
def test_a_fault_names_every_capability_that_it_calls(fault: Fault):
    # What every machine has is left out, and the healing of the network: it takes back nothing where nothing could be
    # injected. So is what happens to BMCs together with their machines: nothing, where there are none.
    offered = (
        *(base.Runner, base.Power, base.Link, base.Pause, base.Stall, base.DiskHang, base.Traffic, base.Latency),
        *(base.Bmc, base.WatchdogFailure),
    )
    seen: set[object] = {reconnect, lose_bmcs, restore_bmcs, restore_watchdogs}
    found = verbs(fault.apply, seen) | verbs(fault.heal, seen)
    # A node of the topology has a "bmc", too.
    own = {
        one.__name__: {name for name in vars(one) if not name.startswith("_")} - {"name", "bmc"} for one in offered
    }
    assert {name for name, known in own.items() if found & known} <= set(fault.needs)


@pytest.mark.parametrize("family", get_args(Family))
def test_no_module_has_the_name_of_something_that_its_family_shares(family: str):
    # Importing the module would put it in that thing's place.
    text = (FOLDER / family / "__init__.py").read_text(encoding="utf-8")
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert not names & {file.stem for file in (FOLDER / family).glob("*.py")}
