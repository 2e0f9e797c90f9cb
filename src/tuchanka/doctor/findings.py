"""What was seen on a host, turned into checks and words. Pure: nothing here looks at the host."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tuchanka.doctor.requirements import Requirement

PYTHON_WANTED = (3, 11)
MACHINES_WANTED = ("x86_64", "aarch64")
DISK_WANTED_BYTES = 4 * 10**9
MEMORY_WANTED_BYTES = 2 * 2**30
# Every systemd takes about ten of them, and all machines of all labs share root's.
INOTIFY_WANTED = 512
CONTROLLERS_WANTED = ("memory", "pids")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    ``found`` says what is there, ``mend`` is the command (or the step) that mends it: empty where ``ok``.
    ``package`` is the package that ``mend`` installs, empty where it isn't about a package.
    """

    name: str
    ok: bool
    found: str
    needed_for: str
    mend: str = ""
    package: str = ""


def install_command(packages: Iterable[str], *, debian_like: bool) -> str:
    """The command that installs ``packages`` (names as in Debian), each named once."""
    names = " ".join(dict.fromkeys(packages))
    if debian_like:
        return f"apt-get install --no-install-recommends {names}"
    return f"install what this system calls {names}"


def of_program(requirement: Requirement, found: str | None, *, debian_like: bool) -> Check:
    """A program or file from the shared list; ``found`` is the path it was seen at."""
    return Check(
        name=requirement.name,
        ok=found is not None,
        found=found or "missing",
        needed_for=requirement.needed_for,
        mend="" if found else install_command([requirement.package], debian_like=debian_like),
        package=requirement.package,
    )


def of_user(user_id: int) -> Check:
    """Whether the effective user may make machines."""
    root = user_id == 0
    return Check(
        name="root",
        ok=root,
        found="root" if root else f"user id {user_id}; what needs root wasn't tried",
        needed_for="making machines and networks",
        mend="" if root else "run it through sudo",
    )


def of_system(system: str, release: str) -> Check:
    """``system`` as in ``uname -s``, ``release`` as in ``uname -r``."""
    ok = system == "Linux"
    return Check("Linux", ok, f"{system} {release}".strip(), "namespaces", "" if ok else "use a Linux host")


def of_machine(machine: str) -> Check:
    """``machine`` as in ``uname -m``."""
    ok = machine in MACHINES_WANTED
    mend = "" if ok else "use a host with an amd64 or arm64 processor"
    return Check("architecture", ok, machine, "the machines' image", mend)


def of_python(version: tuple[int, ...]) -> Check:
    """``version`` as in ``sys.version_info[:3]``."""
    ok = version[:2] >= PYTHON_WANTED
    wanted = ".".join(map(str, PYTHON_WANTED))
    mend = "" if ok else f"install Python {wanted} or newer"
    return Check("Python", ok, ".".join(map(str, version)), "this program", mend)


def of_kernel(feature: str, complaint: str, needed_for: str, module: str = "") -> Check:
    """A kernel feature that was tried; ``complaint`` is what the attempt said, empty where it worked."""
    mend = f"modprobe {module}" if module else "use a kernel (or a container) that allows it"
    return Check(feature, not complaint, complaint or "works", needed_for, mend if complaint else "")


def of_cgroups(mountinfo: str, unified_controllers: str) -> Check:
    """Whether the memory and pids controllers can be used, on cgroup v2 or v1 (also beside v2, "hybrid").

    ``mountinfo`` is the text of ``/proc/self/mountinfo``, ``unified_controllers`` that of ``cgroup.controllers``
    at the root of the v2 tree, empty where there is none.
    """
    in_v1: set[str] = set()
    for line in mountinfo.splitlines():
        kind, _, rest = line.partition(" - ")[2].partition(" ")
        if kind == "cgroup":
            in_v1.update(rest.split()[-1].split(","))
    needed_for = "memory and process limits of the machines"
    for version, there in (("v2", set(unified_controllers.split())), ("v1", in_v1)):
        lacking = [name for name in CONTROLLERS_WANTED if name not in there]
        if not lacking:
            return Check("cgroups", ok=True, found=f"{version} with memory and pids", needed_for=needed_for)
        if len(lacking) < len(CONTROLLERS_WANTED):
            mend = "add " + " ".join(f"cgroup_enable={name}" for name in lacking) + " to the kernel's command line"
            found = f"{version} without {', '.join(lacking)}"
            return Check("cgroups", ok=False, found=found, needed_for=needed_for, mend=mend)
    mend = "mount -t cgroup2 none /sys/fs/cgroup"
    return Check("cgroups", ok=False, found="no memory and pids controllers", needed_for=needed_for, mend=mend)


def of_disk(folder: Path, free_bytes: int) -> Check:
    """Room on the file system that ``folder`` is, or will be, on."""
    ok = free_bytes >= DISK_WANTED_BYTES
    found = f"{free_bytes / 10**9:.1f} GB free, {DISK_WANTED_BYTES / 10**9:g} needed"
    mend = "" if ok else f"make room there, or mount a larger file system at {folder}"
    return Check(f"room at {folder}", ok, found, "the image and the machines' layers", mend)


def of_inotify(text: str) -> Check:
    """``text`` is /proc/sys/fs/inotify/max_user_instances."""
    found = int(text) if text.strip().isdigit() else 0
    ok = found >= INOTIFY_WANTED
    mend = "" if ok else f"sysctl -w fs.inotify.max_user_instances={INOTIFY_WANTED}"
    return Check("inotify instances", ok, f"{found} for a user", "the systemd of every machine", mend)


def of_memory(meminfo: str) -> Check:
    """``meminfo`` is the text of ``/proc/meminfo``."""
    fields = dict(line.split(":", 1) for line in meminfo.splitlines() if ":" in line)
    free_bytes = int(fields.get("MemAvailable", "0 kB").split()[0]) * 1024
    ok = free_bytes >= MEMORY_WANTED_BYTES
    found = f"{free_bytes / 2**30:.1f} GiB free, {MEMORY_WANTED_BYTES / 2**30:g} needed"
    mend = "" if ok else "stop other programs, or give the host more memory"
    return Check("memory", ok, found, "three machines with PostgreSQL", mend)
