"""The whole examination: every probe, worded."""

import os
import platform
import sys
from pathlib import Path

from tuchanka.doctor import findings, probes
from tuchanka.doctor.requirements import requirements
from tuchanka.providers import registry
from tuchanka.providers.host import HostCheck, read

CACHE_FOLDER = Path("/var/cache/tuchanka")
STATE_FOLDER = Path("/var/lib/tuchanka")


def is_debian_like() -> bool:
    """Whether packages come through apt and are called as in Debian."""
    for line in read("/etc/os-release").splitlines():
        key, _, value = line.partition("=")
        if key in {"ID", "ID_LIKE"} and not {"debian", "ubuntu"}.isdisjoint(value.strip("\"'").split()):
            return True
    return False


def examine(provider: str, *, cache: Path = CACHE_FOLDER, state: Path = STATE_FOLDER) -> tuple[HostCheck, ...]:
    """Look at everything a lab of the provider needs, in the order in which it should be put right.

    ``cache`` is where the image will be kept and ``state`` where the labs' machines will be. What needs root is
    left out for other users: the check called "root" says so.
    """
    debian_like = is_debian_like()
    system, _, release, _, machine, _ = platform.uname()
    checks = [
        findings.of_user(os.geteuid()),
        findings.of_system(system, release),
        findings.of_machine(machine),
        findings.of_python(sys.version_info[:3]),
    ]
    checks += [
        findings.of_program(wanted, probes.find(wanted.choices), debian_like=debian_like)
        for wanted in requirements("run", provider)
    ]
    checks += registry.kind(provider).checks(state)
    checks += [findings.of_disk(folder, probes.free_bytes(folder)) for folder in (cache, state)]
    checks.append(findings.of_memory(read("/proc/meminfo")))
    return tuple(checks)
