"""What every command starts from: the program's options, the topology, the lab and its lock."""

import asyncio
import os
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import typer

from tuchanka.errors import HostError, LabError
from tuchanka.lab.folder import DEFAULT_ROOT, LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.lint.usable import usable
from tuchanka.providers import registry
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.stacks.pacemaker.timing.derive import derive
from tuchanka.topology.differ import differences, in_short
from tuchanka.topology.load import default_text, load
from tuchanka.topology.types import Cluster, Topology

T = TypeVar("T")


@dataclass
class Globals:
    """The program's own options."""

    lab: Path | None = None
    topology: Path | None = None
    json: bool = False


def settings(context: typer.Context) -> Globals:
    """Return the program's own options."""
    found: Globals = context.obj
    return found


def lab_path(context: typer.Context) -> Path:
    """Return the lab's state folder: that of ``--lab``, or the one with the topology's name."""
    ours = settings(context)
    return (ours.lab or DEFAULT_ROOT / _load(ours.topology).name).absolute()


def read_topology(context: typer.Context) -> tuple[Topology, str]:
    """Return the topology that the command is about, and its text.

    It is the file of ``--topology``; else the one that the lab was built from; else the built-in one.
    """
    ours = settings(context)
    if ours.topology is not None:
        return _load(ours.topology), ours.topology.read_text()
    folder = LabFolder(lab_path(context))
    if folder.topology_file.exists():
        return _load(folder.topology_file, folder.beside), folder.topology_file.read_text()
    return _load(None), default_text()


def built_from(folder: LabFolder) -> Topology:
    """Return the topology that the lab was built from: its own copy of the file.

    Raises:
        LabError: there is no lab.
    """
    folder.read_marker()
    return _load(folder.topology_file, folder.beside)


def _load(path: Path | None, beside: Path | None = None) -> Topology:
    """Return the topology in the file, if everything that it names is there to be used."""
    return usable(load(path, beside))


def need_root(what: str) -> None:
    """Refuse to touch machines as an ordinary user.

    Raises:
        HostError: the user isn't root.
    """
    if os.geteuid() != 0:
        raise HostError(f"{what} needs root", hint="run it with sudo")


def open_lab(context: typer.Context, *, make: bool = False) -> Lab:
    """Return the lab; with ``make`` a new one, if there is none.

    Raises:
        LabError: there is no lab, or it was built from another topology.
        TopologyError: the topology's provider can't do what it asks for.
        HostError: the user isn't root.
    """
    need_root("touching a lab's machines")
    topology, text = read_topology(context)
    folder = LabFolder(lab_path(context))
    timing = derive(topology)
    registry.refuse_impossible(topology)
    if make:
        asked = settings(context).topology
        folder.found(text, topology.provider, asked and asked.parent)
    folder.read_marker()
    differing = differences(built_from(folder), topology)
    if differing:
        raise LabError(
            f"the lab was built from another topology: {in_short(differing)}",
            where=topology.source,
            hint="'tuchanka topology --diff' lists all; leave --topology out, or destroy the lab first",
        )
    provider = registry.make(folder.path, topology, watchdog_s=timing.watchdog_s)
    return Lab(folder, topology, provider, PACEMAKER)


@contextmanager
def held_lab(context: typer.Context, *, make: bool = False) -> Iterator[Lab]:
    """Open the lab for one command alone, and end what a killed one left running in its machines."""
    need_root("touching a lab's machines")
    folder = LabFolder(lab_path(context))
    # A folder that is no lab's isn't even locked.
    if make:
        folder.must_be_a_lab()
    else:
        folder.read_marker()
    with folder.locked(context.info_name or ""):
        lab = open_lab(context, make=make)
        asyncio.run(lab.provider.tidy())
        yield lab


def choose(topology: Topology, names: list[str] | None) -> tuple[Cluster, ...]:
    """Return the clusters of these names, or all of them."""
    return tuple(topology.cluster(name) for name in dict.fromkeys(names)) if names else topology.clusters


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do the work to its end; Ctrl-C or SIGTERM cancels it, and it cleans up after itself."""

    async def cancellable() -> T:
        task = asyncio.current_task()
        if task:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    before = signal.getsignal(signal.SIGTERM)
    try:
        return asyncio.run(cancellable())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGTERM, before)
