"""What nspawn machines need of this host's kernel, tried in namespaces that end with the question."""

import os
import tempfile
from pathlib import Path

from tuchanka.providers.host import HostCheck, attempt, nearest, read

# Every systemd takes about ten of them, and all machines of all labs share root's.
INOTIFY_WANTED = 512
CONTROLLERS_WANTED = ("memory", "pids")


def checks(state: Path) -> tuple[HostCheck, ...]:
    """Look at the kernel; ``state`` is where the machines' layers will be. What needs root is left out without it."""
    tried = (
        (
            of_kernel("namespaces", try_namespaces(), "the machines"),
            of_kernel("bridge and veth", try_links(), "the lab's networks", "-a bridge veth"),
            of_kernel("overlayfs", try_overlay(state), "snapshots of the machines", "overlay"),
            of_kernel("loop and ext4", try_loop(state), "the machines' disks", "-a loop ext4"),
        )
        if os.geteuid() == 0
        else ()
    )
    return (
        *tried,
        of_cgroups(read("/proc/self/mountinfo"), read("/sys/fs/cgroup/cgroup.controllers")),
        of_inotify(read("/proc/sys/fs/inotify/max_user_instances")),
    )


def of_kernel(feature: str, complaint: str, needed_for: str, module: str = "") -> HostCheck:
    """A kernel feature that was tried; ``complaint`` is what the attempt said, empty where it worked."""
    remedy = f"modprobe {module}" if module else "use a kernel (or a container) that allows it"
    return HostCheck(feature, not complaint, complaint or "works", needed_for, remedy if complaint else "")


def of_cgroups(mountinfo: str, unified_controllers: str) -> HostCheck:
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
            return HostCheck("cgroups", ok=True, found=f"{version} with memory and pids", needed_for=needed_for)
        if len(lacking) < len(CONTROLLERS_WANTED):
            remedy = "add " + " ".join(f"cgroup_enable={name}" for name in lacking) + " to the kernel's command line"
            found = f"{version} without {', '.join(lacking)}"
            return HostCheck("cgroups", ok=False, found=found, needed_for=needed_for, remedy=remedy)
    remedy = "mount -t cgroup2 none /sys/fs/cgroup"
    return HostCheck(
        "cgroups", ok=False, found="no memory and pids controllers", needed_for=needed_for, remedy=remedy
    )


def of_inotify(text: str) -> HostCheck:
    """``text`` is /proc/sys/fs/inotify/max_user_instances."""
    found = int(text) if text.strip().isdigit() else 0
    ok = found >= INOTIFY_WANTED
    remedy = "" if ok else f"sysctl -w fs.inotify.max_user_instances={INOTIFY_WANTED}"
    return HostCheck("inotify instances", ok, f"{found} for a user", "the systemd of every machine", remedy)


def try_links() -> str:
    """Make a bridge and a veth pair in a network namespace of their own; what failed, empty where it worked."""
    script = "ip link add probe0 type bridge && ip link add probe1 type veth peer name probe2"
    return attempt(["unshare", "--net", "--", "sh", "-c", script])


def try_namespaces() -> str:
    """Start a process in every kind of namespace a machine has; what failed, empty where it worked."""
    return attempt(["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--", "true"])


def try_overlay(folder: Path) -> str:
    """Mount an overlay whose layers are where ``folder`` is; what failed, empty where it worked.

    It has to be tried on the very file system: an overlay can't be the upper layer of another one, which is
    what a container engine often gives.
    """
    script = (
        "mkdir lower upper work merged && "
        "mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged"
    )
    try:
        with tempfile.TemporaryDirectory(prefix=".tuchanka-probe-", dir=nearest(folder)) as room:
            return attempt(["unshare", "--mount", "--", "sh", "-c", script], cwd=room)
    except OSError as error:
        return error.strerror or str(error)


def try_loop(folder: Path) -> str:
    """Mount a file in ``folder`` as a disk; what failed, empty where it worked."""
    script = "truncate -s 8M disk && mkfs.ext4 -q disk && mkdir mounted && mount -t ext4 -o loop disk mounted"
    try:
        with tempfile.TemporaryDirectory(prefix=".tuchanka-probe-", dir=nearest(folder)) as room:
            return attempt(["unshare", "--mount", "--", "sh", "-c", script], cwd=room)
    except OSError as error:
        return error.strerror or str(error)
