"""What is measured, with what, on what: the first things that a history says."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from tuchanka import __version__
from tuchanka.events import RunStarted
from tuchanka.lab.lab import Lab
from tuchanka.providers.base import Node
from tuchanka.topology.types import Cluster


async def run_started(lab: Lab, clusters: tuple[Cluster, ...], command: str) -> RunStarted:
    """Return what is measured; the clusters' machines are on."""
    packages = (*(f"postgresql-{version}" for version in lab.topology.versions), *lab.stack.packages)
    found = {cluster.name: await versions(lab.nodes(cluster)[0], packages) for cluster in clusters}
    return RunStarted(
        time.monotonic(),
        lab=lab.topology.name,
        profile=lab.topology.profile,
        provider=lab.topology.provider,
        cores=os.cpu_count() or 0,
        versions={
            "tuchanka": __version__,
            "Python": ".".join(map(str, sys.version_info[:3])),
            "kernel": os.uname().release,
            **joined(found),
        },
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        command=command,
        helpers=asdict(lab.topology.helpers),
    )


async def versions(machine: Node, packages: Sequence[str]) -> dict[str, str]:
    """Return package → version of those that are installed."""
    command = ["dpkg-query", "--show", "--showformat=${Package} ${Version}\\n", *packages]
    done = await machine.run(command, check=False)
    return dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if " " in line)


def joined(found: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Join cluster → program → version: where the clusters differ, each version says whose it is."""
    programs = dict.fromkeys(program for versions in found.values() for program in versions)
    every = {program: {cluster: each.get(program, "none") for cluster, each in found.items()} for program in programs}
    return {
        program: next(iter(of.values()))
        if len(set(of.values())) == 1
        else ", ".join(f"{version} ({cluster})" for cluster, version in of.items())
        for program, of in every.items()
    }
