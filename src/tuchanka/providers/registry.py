"""Every provider by its name, and what can be asked of one without a lab: the only way to a provider from outside.

A new provider is a room below ``providers/``, with its packages in a ``packages.txt`` there, and an entry here.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuchanka.errors import TopologyError
from tuchanka.findings import Finding
from tuchanka.providers.base import Provider
from tuchanka.providers.host import HostCheck
from tuchanka.providers.nspawn import host, offer
from tuchanka.providers.nspawn import provider as nspawn
from tuchanka.providers.nspawn.missing import missing
from tuchanka.topology.types import Topology


@dataclass(frozen=True, slots=True)
class Kind:
    """One provider.

    ``make`` takes a lab's state folder, its topology and the watchdog's timeout in seconds. ``missing`` is as
    ``Provider.missing``, for all labs of this host. ``checks`` looks at the host for a lab whose machines are below
    a folder. ``findings`` says what of a topology it can't do; pure. ``traces`` and ``destroy`` take a lab's state
    folder alone: what the lab has on this host outside that folder, in words, and taking it away. ``interface`` is
    the name of the network interface inside a machine, or a pattern of systemd.network(5); ``sets_clock``: a machine
    has a clock of its own, which it may set.
    """

    make: Callable[[Path, Topology, float], Provider]
    missing: Callable[[], Mapping[str, str]]
    checks: Callable[[Path], tuple[HostCheck, ...]]
    findings: Callable[[Topology], tuple[Finding, ...]]
    traces: Callable[[Path], tuple[str, ...]]
    destroy: Callable[[Path], Coroutine[Any, Any, None]]
    interface: str
    sets_clock: bool


KINDS: dict[str, Kind] = {
    "nspawn": Kind(
        make=nspawn.NspawnProvider,
        missing=missing,
        checks=host.checks,
        findings=offer.findings,
        traces=nspawn.traces,
        destroy=nspawn.destroy,
        interface="host0",
        # Containers share the host's clock.
        sets_clock=False,
    ),
}


def _absent(name: str) -> tuple[str, str]:
    return f"the provider {name!r} is not there yet", f"choose from: {', '.join(KINDS)}"


def kind(name: str) -> Kind:
    """Return the provider called ``name``.

    Raises:
        TopologyError: there is none.
    """
    if name not in KINDS:
        what, instead = _absent(name)
        raise TopologyError(what, where="provider", hint=instead)
    return KINDS[name]


def make(folder: Path, topology: Topology, *, watchdog_s: float) -> Provider:
    """Return the topology's provider for the lab in ``folder``."""
    return kind(topology.provider).make(folder, topology, watchdog_s)


def findings(topology: Topology) -> tuple[Finding, ...]:
    """Return what of the topology its provider can't do. Pure: no host is asked."""
    if topology.provider not in KINDS:
        return (Finding("error", topology.source, "provider", *_absent(topology.provider)),)
    return kind(topology.provider).findings(topology)


def refuse_impossible(topology: Topology) -> None:
    """Go on only where the provider can do what the topology asks for.

    Raises:
        TopologyError: it can't; the first reason.
    """
    for finding in findings(topology):
        if finding.severity == "error":
            raise TopologyError(finding.what, where=f"{finding.file}: {finding.key}", hint=finding.instead)
