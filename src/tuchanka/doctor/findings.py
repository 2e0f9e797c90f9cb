"""What was seen on a host, turned into checks and words. Pure: nothing here looks at the host."""

from collections.abc import Iterable
from pathlib import Path

from tuchanka.doctor.requirements import Requirement
from tuchanka.providers.host import HostCheck

PYTHON_WANTED = (3, 11)
MACHINES_WANTED = ("x86_64", "aarch64")
DISK_WANTED_BYTES = 4 * 10**9
MEMORY_WANTED_BYTES = 2 * 2**30


def install_command(packages: Iterable[str], *, debian_like: bool) -> str:
    """The command that installs ``packages`` (names as in Debian), each named once."""
    names = " ".join(dict.fromkeys(packages))
    if debian_like:
        return f"apt-get install --no-install-recommends {names}"
    return f"install what this system calls {names}"


def of_program(requirement: Requirement, found: str | None, *, debian_like: bool) -> HostCheck:
    """A program or file from the shared list; ``found`` is the path it was seen at."""
    return HostCheck(
        name=requirement.name,
        ok=found is not None,
        found=found or "missing",
        needed_for=requirement.needed_for,
        remedy="" if found else install_command([requirement.package], debian_like=debian_like),
        package=requirement.package,
    )


def of_user(user_id: int) -> HostCheck:
    """Whether the effective user may make machines."""
    root = user_id == 0
    return HostCheck(
        name="root",
        ok=root,
        found="root" if root else f"user id {user_id}; what needs root wasn't tried",
        needed_for="making machines and networks",
        remedy="" if root else "run it through sudo",
    )


def of_system(system: str, release: str) -> HostCheck:
    """``system`` as in ``uname -s``, ``release`` as in ``uname -r``."""
    ok = system == "Linux"
    return HostCheck("Linux", ok, f"{system} {release}".strip(), "namespaces", "" if ok else "use a Linux host")


def of_machine(machine: str) -> HostCheck:
    """``machine`` as in ``uname -m``."""
    ok = machine in MACHINES_WANTED
    remedy = "" if ok else "use a host with an amd64 or arm64 processor"
    return HostCheck("architecture", ok, machine, "the machines' image", remedy)


def of_python(version: tuple[int, ...]) -> HostCheck:
    """``version`` as in ``sys.version_info[:3]``."""
    ok = version[:2] >= PYTHON_WANTED
    wanted = ".".join(map(str, PYTHON_WANTED))
    remedy = "" if ok else f"install Python {wanted} or newer"
    return HostCheck("Python", ok, ".".join(map(str, version)), "this program", remedy)


def of_disk(folder: Path, free_bytes: int) -> HostCheck:
    """Room on the file system that ``folder`` is, or will be, on."""
    ok = free_bytes >= DISK_WANTED_BYTES
    found = f"{free_bytes / 10**9:.1f} GB free, {DISK_WANTED_BYTES / 10**9:g} needed"
    remedy = "" if ok else f"make room there, or mount a larger file system at {folder}"
    return HostCheck(f"room at {folder}", ok, found, "the image and the machines' layers", remedy)


def of_memory(meminfo: str) -> HostCheck:
    """``meminfo`` is the text of ``/proc/meminfo``."""
    fields = dict(line.split(":", 1) for line in meminfo.splitlines() if ":" in line)
    free_bytes = int(fields.get("MemAvailable", "0 kB").split()[0]) * 1024
    ok = free_bytes >= MEMORY_WANTED_BYTES
    found = f"{free_bytes / 2**30:.1f} GiB free, {MEMORY_WANTED_BYTES / 2**30:g} needed"
    remedy = "" if ok else "stop other programs, or give the host more memory"
    return HostCheck("memory", ok, found, "three machines with PostgreSQL", remedy)
